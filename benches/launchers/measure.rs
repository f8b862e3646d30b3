//! The measurements: back to back, cold, eight at a time, memory of what stays up, system calls.

use std::time::Duration;

use crate::arguments::Arguments;
use crate::place::Place;
use crate::spawn::{FileActions, Prepared, guard_against_hangs, in_parallel};
use crate::stats::Summary;
use crate::unified::MountNamespaces;
use crate::variant::{Job, State, Variant};
use crate::{Result, memory, system_calls};

/// The pause that makes a launch a cold one: caches and RCU have come to rest.
const PAUSE: Duration = Duration::from_millis(100);
/// How many launches run at the same time in the parallel column, and how many each worker does.
const WORKERS: usize = 8;
const EACH: usize = 8;

/// All figures of one variant; times in milliseconds.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) hot: Vec<f64>,
    pub(crate) cold: Vec<f64>,
    pub(crate) cpu: Vec<f64>,
    pub(crate) parallel: Vec<f64>,
    /// Launches that did not end with 0, of all.
    pub(crate) failed: usize,
    pub(crate) launches: usize,
    /// PSS of all that stays up for one container, in kB.
    pub(crate) pss: Option<f64>,
    pub(crate) system_calls: Option<u64>,
}

impl Figures {
    pub(crate) fn hot(&self) -> Option<Summary> {
        Summary::of(&self.hot)
    }
}

/// Measures every variant that is ready; the figures stand in the order of the variants.
pub(crate) fn all(place: &Place, arguments: &Arguments, variants: &mut [Variant]) -> Result<Vec<Figures>> {
    guard_against_hangs();
    let bench = Bench { place, namespaces: MountNamespaces::make()?, null: FileActions::null() };
    let mut figures: Vec<Figures> = variants.iter().map(|_| Figures::default()).collect();
    let ready: Vec<usize> = (0..variants.len()).filter(|i| variants[*i].state == State::Ready).collect();
    let mut order = Shuffle::new(ready);
    eprintln!("{} variants, {} rounds", order.0.len(), arguments.rounds);
    for _ in 0..arguments.rounds {
        for &i in order.next() {
            bench.once(&variants[i], &mut figures[i], false)?;
        }
    }
    eprintln!("cold: {} rounds", arguments.cold_rounds);
    for _ in 0..arguments.cold_rounds {
        for &i in order.next() {
            std::thread::sleep(PAUSE);
            bench.once(&variants[i], &mut figures[i], true)?;
        }
    }
    eprintln!("{WORKERS} in parallel: {} rounds", arguments.batches);
    for _ in 0..arguments.batches {
        for &i in order.next() {
            bench.eight(&variants[i], &mut figures[i])?;
        }
    }
    eprintln!("memory of {} alive, system calls", arguments.alive);
    for &i in order.next() {
        figures[i].pss = bench.pss(&variants[i], arguments.alive)?;
        figures[i].system_calls = bench.system_calls(&variants[i])?;
    }
    Ok(figures)
}

struct Bench<'a> {
    place: &'a Place,
    namespaces: MountNamespaces,
    null: FileActions,
}

impl Bench<'_> {
    fn prepared(&self, variant: &Variant, job: Job, slot: usize) -> Result<Prepared> {
        let line = (variant.command_line)(job, slot);
        Prepared::new(&line, &self.place.environment()).ok_or_else(|| format!("{}: no command line", variant.title()))
    }

    fn once(&self, variant: &Variant, figures: &mut Figures, cold: bool) -> Result<()> {
        let prepared = self.prepared(variant, Job::True, 0)?;
        self.namespaces.enter(variant.hide_unified)?;
        let sample = prepared.launch(&self.null);
        self.namespaces.enter(false)?;
        figures.launches += 1;
        if !sample.ok {
            figures.failed += 1;
            return Ok(());
        }
        let wall = sample.wall.as_secs_f64() * 1e3;
        if cold {
            figures.cold.push(wall);
        } else {
            figures.hot.push(wall);
            figures.cpu.push(sample.cpu.as_secs_f64() * 1e3);
        }
        Ok(())
    }

    fn eight(&self, variant: &Variant, figures: &mut Figures) -> Result<()> {
        let prepared: Vec<_> =
            (0..WORKERS).map(|slot| self.prepared(variant, Job::True, slot)).collect::<Result<_>>()?;
        self.namespaces.enter(variant.hide_unified)?;
        let (wall, failed) =
            in_parallel(WORKERS, |worker| (0..EACH).map(|_| u8::from(!prepared[worker].launch(&self.null).ok)).sum());
        self.namespaces.enter(false)?;
        figures.launches += WORKERS * EACH;
        figures.failed += failed;
        if failed == 0 {
            figures.parallel.push(wall.as_secs_f64() * 1e3 / (WORKERS * EACH) as f64);
        }
        Ok(())
    }

    fn pss(&self, variant: &Variant, alive: usize) -> Result<Option<f64>> {
        let prepared: Vec<_> =
            (0..alive).map(|slot| self.prepared(variant, Job::Sleep, slot)).collect::<Result<_>>()?;
        self.namespaces.enter(variant.hide_unified)?;
        let pids: Vec<_> = prepared.iter().filter_map(|p| p.start(&self.null)).collect();
        let pss = memory::pss_of_what_stays_up(&pids, alive);
        self.namespaces.enter(false)?;
        Ok(pss)
    }

    fn system_calls(&self, variant: &Variant) -> Result<Option<u64>> {
        self.namespaces.enter(variant.hide_unified)?;
        let counted = system_calls::count(self.place, &(variant.command_line)(Job::True, 0));
        self.namespaces.enter(false)?;
        Ok(counted.ok().map(|by_name| by_name.values().sum()))
    }
}

/// The indices in a new random order each time (xorshift; the seed is the process id, and any order will do).
struct Shuffle(Vec<usize>, u64);

impl Shuffle {
    fn new(indices: Vec<usize>) -> Self {
        Self(indices, u64::from(std::process::id()) | 1 << 32)
    }

    fn next(&mut self) -> &[usize] {
        for last in (1..self.0.len()).rev() {
            self.1 ^= self.1 << 13;
            self.1 ^= self.1 >> 7;
            self.1 ^= self.1 << 17;
            let other = usize::try_from(self.1 % (last as u64 + 1)).unwrap_or(0);
            self.0.swap(last, other);
        }
        &self.0
    }
}
