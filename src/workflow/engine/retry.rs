//! Calls that are tried again without a delay: no more is to be done than to begin the next attempt.

use super::{Command, Engine, RunId};
use crate::policy::Failure;
use crate::time::Timestamp;
use crate::workflow::state::NodeIx;

impl Engine {
    /// An attempt failed. Says whether the next one begins at once, and nothing else happens; otherwise nothing has changed.
    pub(super) fn retry_at_once(
        &mut self,
        run: RunId,
        node: NodeIx,
        attempt: u32,
        failure: &Failure<'_>,
        now: Timestamp,
    ) -> bool {
        let Self { runs, guards, commands, todo, .. } = self;
        let Some(slot) = runs.get_mut(run as usize) else { return false };
        let Some(id) = slot.calls.get(node.0 as usize).and_then(|call| call.id) else { return false };
        if slot.key.is_some() || !todo.is_empty() || !slot.run.may_retry_at_once(node, attempt) {
            return false;
        }
        let Some(next) = guards.retry_at_once(id, attempt, failure, now) else { return false };
        slot.run.retried_at_once(node, attempt, next, now);
        slot.call(node).told = next;
        commands.push(Command::Call { run, node, attempt: next, level: 0 });
        true
    }
}
