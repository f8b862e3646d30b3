//! Starts the same container with every launcher of this machine and says how long each takes.
//!
//! - `cargo bench --bench launchers -- [rounds=N] [only=TEXT] [groups=abc] [quick] [json] [launch=NAME:PATH]`: the tables
//! - `cargo bench --bench launchers -- counts`: system calls and instructions of ours against `benches/baseline.json`
//! - `cargo bench --bench launchers -- scale [live=N]`: ours with many containers, mounts, variables, nested cgroups
//!
//! One run, all variants interleaved and shuffled in every round; each variant is first verified to do its job. A launcher
//! that is missing or fails is listed with its error, never dropped. Writes `launchers.md`, `.svg` and `.json` under
//! `target/bench/`. It makes cgroups below its own cgroup only, and removes them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to the terminal")]
#![expect(clippy::disallowed_methods, reason = "a bench is all effects: the rule is for the layers of src/")]
#![expect(clippy::cast_precision_loss, reason = "figures of a table")]
#![expect(clippy::format_collect, reason = "outside of what is timed")]

mod arguments;
mod bundle;
mod counts;
mod measure;
mod memory;
mod ours;
mod peers;
mod place;
mod plot;
mod processes;
mod scale;
mod spawn;
mod stats;
mod system_calls;
mod table;
mod unified;
mod variant;
mod verify;

use std::process::ExitCode;

use arguments::{Arguments, Mode};
use place::Place;
use variant::{State, Variant};

/// What went wrong, in words.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<()> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let place = Place::make()?;
    match arguments.mode {
        Mode::Launchers => launchers(&place, &arguments),
        Mode::Counts => counts::check(&place, &arguments).map(|report| println!("{report}")),
        Mode::Scale => scale::report(&place, &arguments).and_then(|(report, plot)| {
            println!("{report}");
            write(&place, "scale.md", &report)?;
            write(&place, "scale.svg", &plot)
        }),
    }
}

fn launchers(place: &Place, arguments: &Arguments) -> Result<()> {
    let mut variants = variant::all(place, arguments)?;
    verify_all(place, &mut variants);
    let figures = measure::all(place, arguments, &mut variants)?;
    let report = table::markdown(arguments, &variants, &figures);
    println!("{report}");
    write(place, "launchers.md", &report)?;
    write(place, "launchers.svg", &plot::svg(&variants, &figures))?;
    let json = table::json(&variants, &figures);
    write(place, "launchers.json", &json)?;
    if arguments.json {
        println!("{json}");
    }
    eprintln!("written to {}/launchers.{{md,svg,json}}", place.results.display());
    Ok(())
}

fn verify_all(place: &Place, variants: &mut [Variant]) {
    for variant in variants.iter_mut().filter(|v| v.state == State::Ready) {
        match verify::verify(place, variant) {
            Ok(proof) => variant.proof = Some(proof),
            Err(reason) => {
                eprintln!("{}: {reason}", variant.title());
                variant.state = State::Failed(reason);
            }
        }
    }
}

fn write(place: &Place, name: &str, text: &str) -> Result<()> {
    let path = place.results.join(name);
    std::fs::write(&path, text).map_err(|e| format!("writing {}: {e}", path.display()))
}
