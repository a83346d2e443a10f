//! The memory that all bodies together may take.

use crate::problem::{Code, Problem};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all bodies together may take, counted in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Semaphore>);

/// What one body takes of it, given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Memory,
    taken: Option<OwnedSemaphorePermit>,
}

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// A share of nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share {
            memory: self.clone(),
            taken: None,
        }
    }
}

impl Share {
    /// Takes more, if it is there; a body never waits for another to finish, since both might.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let busy = || {
            Problem::new(
                Code::Overloaded,
                "too many bodies are being received at once; try again",
            )
        };
        let count = u32::try_from(bytes).map_err(|_| busy())?;
        let more = self
            .memory
            .0
            .clone()
            .try_acquire_many_owned(count)
            .map_err(|_| busy())?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_given_back_when_its_body_is_done() {
        let memory = Memory::new(100);
        let (mut one, mut two) = (memory.share(), memory.share());
        one.grow(60).unwrap();
        one.grow(20).unwrap();
        assert_eq!(two.grow(30).unwrap_err().code(), Code::Overloaded);
        drop(one);
        two.grow(100).unwrap();
    }
}
