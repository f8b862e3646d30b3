//! The report: a markdown table for each group, what was proved of each variant, and the same as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::measure::Figures;
use crate::stats::Summary;
use crate::variant::{Group, State, Variant};

/// The whole report.
pub(crate) fn markdown(arguments: &Arguments, variants: &[Variant], figures: &[Figures]) -> String {
    let mut out = format!(
        "Times in ms around spawn + wait, {} shuffled rounds, {} cold ones after a pause of 100 ms. × is the ratio to the floor of \
         the group in this run. Parallel: ms a launch with 8 at a time. PSS: kB of all that stays up for one of {} containers alive, \
         the command left out.\n",
        arguments.rounds, arguments.cold_rounds, arguments.alive
    );
    for group in Group::ALL {
        let rows: Vec<_> = variants.iter().zip(figures).filter(|(v, _)| v.group == group).collect();
        if !rows.is_empty() {
            table(&mut out, group, &rows);
        }
    }
    proofs(&mut out, variants);
    out
}

fn table(out: &mut String, group: Group, rows: &[(&Variant, &Figures)]) {
    let floor = rows.iter().find(|(v, _)| v.floor).map(|(_, f)| *f);
    let _ = writeln!(
        out,
        "\n### {}\n\n| launcher | min | × | p25 | × | median | p95 | cold p50 | × | CPU | 8 parallel | × | PSS | system calls | note |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|",
        group.title()
    );
    let mut rows = rows.to_vec();
    rows.sort_by(|(_, a), (_, b)| sort_key(a).total_cmp(&sort_key(b)));
    for (variant, figures) in rows {
        let _ = writeln!(out, "{}", row(variant, figures, floor));
    }
}

/// The p25; those without figures go last.
fn sort_key(figures: &Figures) -> f64 {
    figures.hot().map_or(f64::INFINITY, |hot| hot.p25)
}

fn row(variant: &Variant, figures: &Figures, floor: Option<&Figures>) -> String {
    let name = if variant.floor { format!("**{}**", variant.name) } else { variant.name.clone() };
    let Some(hot) = figures.hot() else {
        let reason = match &variant.state {
            State::Missing => "not installed".to_owned(),
            State::Failed(reason) => reason.replace('|', "\\|"),
            State::Ready => format!("{} of {} launches failed", figures.failed, figures.launches),
        };
        return format!("| {name} | {}{reason} |", "| ".repeat(13));
    };
    let median = |samples: &[f64]| Summary::of(samples).map(|s| s.median);
    let least = |samples: &[f64]| Summary::of(samples).map(|s| s.min);
    let ratio = |value: Option<f64>, of: Option<f64>| number(value.zip(of).map(|(v, f)| v / f), 2);
    let base = floor.and_then(Figures::hot);
    let cold = median(&figures.cold);
    let parallel = least(&figures.parallel);
    let failed = format!("{} of {} launches failed. ", figures.failed, figures.launches);
    let cells = [
        name,
        number(Some(hot.min), 2),
        ratio(Some(hot.min), base.map(|b| b.min)),
        number(Some(hot.p25), 2),
        ratio(Some(hot.p25), base.map(|b| b.p25)),
        number(Some(hot.median), 2),
        number(Some(hot.p95), 2),
        number(cold, 2),
        ratio(cold, floor.and_then(|f| median(&f.cold))),
        number(median(&figures.cpu), 2),
        number(parallel, 2),
        ratio(parallel, floor.and_then(|f| least(&f.parallel))),
        number(figures.pss, 0),
        figures.system_calls.map_or_else(|| "-".into(), |n| n.to_string()),
        format!("{}{}", if figures.failed > 0 { &failed } else { "" }, variant.note),
    ];
    format!("| {} |", cells.join(" | "))
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".into(), |v| format!("{v:.digits$}"))
}

fn proofs(out: &mut String, variants: &[Variant]) {
    out.push_str(
        "\n### What each does, as /proc shows it from outside\n\n| launcher | own namespaces | ids | pids | memory | bounding | effective | \
         seccomp | no_new_privs | read-only root | mounts | command is not pid 1 |\n|---|---|--:|--:|--:|--:|--:|---|---|---|--:|---|\n",
    );
    for variant in variants {
        let Some(p) = &variant.proof else { continue };
        let yes = |fact: bool| if fact { "yes" } else { "" };
        let limit = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            variant.title(),
            p.namespaces.join(" "),
            if p.namespaces.contains(&"user") { p.ids.to_string() } else { String::new() },
            limit(p.pids),
            limit(p.memory),
            p.bounding,
            p.effective,
            yes(p.seccomp),
            yes(p.no_new_privs),
            yes(p.read_only),
            p.mounts,
            yes(p.own_init),
        );
    }
}

/// All figures, for programs.
pub(crate) fn json(variants: &[Variant], figures: &[Figures]) -> String {
    let summary = |samples: &[f64]| {
        Summary::of(samples).map(|s| json!({"min": s.min, "p25": s.p25, "median": s.median, "p95": s.p95}))
    };
    let rows: Vec<Value> = variants
        .iter()
        .zip(figures)
        .map(|(v, f)| {
            json!({
                "name": v.name, "group": v.group.letter().to_string(), "floor": v.floor, "note": v.note,
                "state": match &v.state {
                    State::Ready => "measured", State::Missing => "not installed", State::Failed(reason) => reason,
                },
                "hot_ms": summary(&f.hot), "cold_ms": summary(&f.cold), "cpu_ms": summary(&f.cpu),
                "parallel_ms": summary(&f.parallel), "failed": f.failed, "launches": f.launches,
                "pss_kb": f.pss, "system_calls": f.system_calls,
                "proof": v.proof.as_ref().map(crate::verify::Proof::json),
            })
        })
        .collect();
    json!(rows).to_string()
}
