//! Processor time: what a thing costs, whoever else is using the machine.
//!
//! A rate on a shared machine says as much about the others. Processor time hardly does, so it is told beside each rate.

use anyhow::Context as _;

/// Clock ticks a second in `/proc`; fixed by Linux for every program.
const TICKS: f64 = 100.0;

/// So many things done in so many seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(crate) things: f64,
    pub(crate) seconds: f64,
}

impl Done {
    /// The same, where each thing is so many others.
    pub(crate) fn of(self, each: usize) -> Self {
        Self {
            things: self.things * each as f64,
            ..self
        }
    }
}

/// The processor time that a process spends on things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessorTime {
    pid: u32,
    spent: f64,
    things: f64,
}

impl ProcessorTime {
    pub(crate) fn of(pid: u32) -> Self {
        Self {
            pid,
            spent: 0.0,
            things: 0.0,
        }
    }

    /// Lets the process work, and answers how much it did in a second.
    pub(crate) fn watch(&mut self, work: impl FnOnce() -> anyhow::Result<Done>) -> anyhow::Result<f64> {
        let before = self.seconds()?;
        let done = work()?;
        self.spent += self.seconds()? - before;
        self.things += done.things;
        Ok(done.things / done.seconds)
    }

    /// Microseconds of processor time for one thing.
    pub(crate) fn micros_each(&self) -> f64 {
        self.spent * 1e6 / self.things.max(1.0)
    }

    fn seconds(&self) -> anyhow::Result<f64> {
        let line = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))
            .context("processor time is read from /proc, which this system does not have")?;
        // The second field is the program's name and may hold anything; user and system time are the 14th and 15th.
        let (_, fields) = line.rsplit_once(')').context("a line of /proc without a name")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.collect::<Result<Vec<_>, _>>()?.iter().sum::<f64>() / TICKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_time_is_counted_and_waiting_is_not() {
        let mut processor = ProcessorTime::of(std::process::id());
        let started = processor.seconds().unwrap();
        while processor.seconds().unwrap() < started + 0.02 {}
        let rate = processor
            .watch(|| {
                Ok(Done {
                    things: 10.0,
                    seconds: 2.0,
                }
                .of(3))
            })
            .unwrap();
        assert_eq!(rate, 15.0);
        assert!(processor.micros_each() < 1e6, "nothing was done in between");
    }
}
