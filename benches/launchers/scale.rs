//! What a launch of ours costs when there is much of something: live containers, mounts, variables, cgroups above it.
//!
//! It stays on the plain defaults of launch, with every check on.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::ours::{self, LAUNCH};
use crate::place::Place;
use crate::spawn::{self, FileActions, Prepared, guard_against_hangs, in_parallel};
use crate::stats::Summary;
use crate::{Result, plot, processes};

/// Launches for each figure.
const LAUNCHES: usize = 40;

/// The report and its plot.
pub(crate) fn report(place: &Place, arguments: &Arguments) -> Result<(String, String)> {
    guard_against_hangs();
    let scale = Scale { place, null: FileActions::null() };
    let mut out = format!("Times in ms of one launch with plain defaults, {LAUNCHES} launches for each figure.\n");
    let live = scale.live(&mut out, arguments.live)?;
    scale.mounts(&mut out)?;
    scale.variables(&mut out)?;
    scale.nesting(&mut out)?;
    scale.check(&mut out)?;
    Ok((out, plot::line("live containers", "ms a launch: p25, and p95 above it", &live)))
}

struct Scale<'a> {
    place: &'a Place,
    null: FileActions,
}

impl Scale<'_> {
    /// Writes a file with the defaults and `more`, and prepares the launch of it.
    fn file(&self, name: &str, command: &str, more: &str) -> Result<Prepared> {
        let file = self.place.scratch.join(format!("{name}.toml"));
        let text = format!("{command}\n{}{more}", ours::defaults(self.place));
        fs::write(&file, text).map_err(|e| format!("writing {}: {e}", file.display()))?;
        self.prepare(&[LAUNCH, &file.display().to_string()])
    }

    fn prepare(&self, line: &[&str]) -> Result<Prepared> {
        let line: Vec<String> = line.iter().map(ToString::to_string).collect();
        Prepared::new(&line, &self.place.environment()).ok_or_else(|| "no command line".into())
    }

    /// Times some launches; an error if one of them fails.
    fn time(&self, prepared: &Prepared, what: &str) -> Result<Summary> {
        let samples: Vec<_> = (0..LAUNCHES).map(|_| prepared.launch(&self.null)).collect();
        let failed = samples.iter().filter(|s| !s.ok).count();
        if failed > 0 {
            return Err(format!("{what}: {failed} of {LAUNCHES} launches failed"));
        }
        let times: Vec<f64> = samples.iter().map(|s| s.wall.as_secs_f64() * 1e3).collect();
        Summary::of(&times).ok_or_else(|| "no launches".into())
    }

    fn live(&self, out: &mut String, most: usize) -> Result<Vec<(f64, Summary)>> {
        head(out, "live containers");
        let short = self.file("short", TRUE, "")?;
        let sleeping = self.file("sleeping", "command = \"/bin/sleep\"\nargs = [\"3600\"]", "")?;
        let mut alive = Vec::new();
        let mut points = Vec::new();
        for wanted in [1, 10, 50, 100, 250, 500, 1000, 2000].into_iter().filter(|n| *n <= most) {
            while alive.len() < wanted {
                alive.push(sleeping.start(&self.null).ok_or("starting a container that stays")?);
            }
            let result = await_sleeping(wanted).and_then(|()| self.time(&short, &format!("{wanted} live containers")));
            let Ok(summary) = result else {
                end_all(&alive);
                return Err(result.err().unwrap_or_default());
            };
            row(out, &wanted.to_string(), summary);
            points.push((wanted as f64, summary));
        }
        end_all(&alive);
        Ok(points)
    }

    fn mounts(&self, out: &mut String) -> Result<()> {
        head(out, "mounts in the file");
        for n in [0, 10, 100, 1000] {
            let mounts: String = (0..n)
                .map(|i| format!("[[mounts]]\ntype = \"tmpfs\"\ntarget = \"/tmp/{i}\"\nsize = \"64K\"\n"))
                .collect();
            let prepared = self.file(&format!("mounts-{n}"), TRUE, &mounts)?;
            row(out, &n.to_string(), self.time(&prepared, &format!("{n} mounts"))?);
        }
        Ok(())
    }

    fn variables(&self, out: &mut String) -> Result<()> {
        head(out, "environment");
        for (label, variables) in [("none", 0), ("128 kB", 1), ("1.9 MB", 15)] {
            let value = "x".repeat(127_000);
            let text: String = (0..variables).map(|i| format!("V{i} = \"{value}\"\n")).collect();
            let prepared = self.file(&format!("env-{variables}"), TRUE, &format!("[env]\n{text}"))?;
            row(out, label, self.time(&prepared, label)?);
        }
        let text: String = (0..512).map(|i| format!("V{i} = \"{}\"\n", "x".repeat(127_000))).collect();
        let refused = self.file("env-64M", TRUE, &format!("[env]\n{text}"))?.launch(&self.null);
        let _ = writeln!(out, "| 64 MB | {} | | | |", if refused.ok { "**started**" } else { "refused" });
        Ok(())
    }

    /// A process that sits deep in nested cgroups starts the launches.
    fn nesting(&self, out: &mut String) -> Result<()> {
        head(out, "cgroups above");
        let prepared = self.file("nested", TRUE, "")?;
        for depth in [1, 8, 32] {
            let nested = "/n".repeat(depth);
            let mut dirs: Vec<_> = ["pids", "memory"].iter().filter_map(|c| self.place.cgroup.dir(c)).collect();
            dirs.dedup();
            let dirs: Vec<_> = dirs.iter().map(|dir| format!("{}{nested}", dir.display())).collect();
            for dir in &dirs {
                fs::create_dir_all(dir).map_err(|e| format!("making {dir}: {e}"))?;
            }
            let file = self.place.scratch.join("nested-times");
            let (_, failed) = in_parallel(1, |_| u8::from(self.nested(&dirs, &prepared, &file).is_err()));
            let text = fs::read_to_string(&file).unwrap_or_default();
            let times: Vec<f64> = text.split_whitespace().filter_map(|t| t.parse().ok()).collect();
            let _ = fs::remove_file(&file);
            match Summary::of(&times) {
                Some(summary) if failed == 0 => row(out, &depth.to_string(), summary),
                _ => return Err(format!("{depth} nested cgroups: launches failed")),
            }
        }
        Ok(())
    }

    fn nested(&self, dirs: &[String], prepared: &Prepared, file: &std::path::Path) -> Result<()> {
        for dir in dirs {
            fs::write(format!("{dir}/cgroup.procs"), "0").map_err(|e| format!("entering {dir}: {e}"))?;
        }
        let samples: Vec<_> = (0..LAUNCHES).map(|_| prepared.launch(&self.null)).collect();
        if samples.iter().any(|s| !s.ok) {
            return Err("a launch failed".into());
        }
        let times: String = samples.iter().map(|s| format!("{} ", s.wall.as_secs_f64() * 1e3)).collect();
        fs::write(file, times).map_err(|e| e.to_string())
    }

    fn check(&self, out: &mut String) -> Result<()> {
        head(out, "`launch check`, lines");
        for lines in [10, 100, 1000, 10_000] {
            let file = ours::file_of_lines(self.place, lines)?;
            let prepared = self.prepare(&[LAUNCH, "check", &file])?;
            row(out, &lines.to_string(), self.time(&prepared, &format!("check of {lines} lines"))?);
        }
        let size = fs::metadata(LAUNCH).map_err(|e| e.to_string())?.len();
        let _ = writeln!(out, "\nThe program: {:.2} MB.", size as f64 / 1e6);
        Ok(())
    }
}

const TRUE: &str = "command = \"/bin/true\"";

fn head(out: &mut String, what: &str) {
    let _ = writeln!(out, "\n| {what} | min | p25 | median | p95 |\n|---|--:|--:|--:|--:|");
}

fn row(out: &mut String, label: &str, s: Summary) {
    let _ = writeln!(out, "| {label} | {:.2} | {:.2} | {:.2} | {:.2} |", s.min, s.p25, s.median, s.p95);
}

fn await_sleeping(wanted: usize) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while processes::sleeping_below(std::process::id()).len() < wanted {
        if Instant::now() > deadline {
            return Err(format!("{wanted} containers did not come up within 60 s"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(200));
    Ok(())
}

/// Ends the commands, so that the launchers end by themselves and clean up.
fn end_all(launchers: &[libc::pid_t]) {
    for command in processes::sleeping_below(std::process::id()) {
        processes::end(command.pid);
    }
    for pid in launchers {
        spawn::wait(*pid);
    }
}
