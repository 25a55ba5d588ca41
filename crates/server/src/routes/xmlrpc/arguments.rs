//! Reading the arguments of a call.

use wheelhouse_standards::name::ProjectKey;

use super::Failed;
use crate::routes::simple::project_key;
use crate::xmlrpc::Value;

/// The arguments of a call.
pub(super) struct Arguments<'c>(pub(super) &'c [Value]);

impl Arguments<'_> {
    /// Refuses more arguments than a method takes.
    pub(super) fn at_most(&self, count: usize) -> Result<(), Failed> {
        if self.0.len() <= count {
            return Ok(());
        }
        let given = self.0.len();
        Err(Failed::arguments(format!(
            "the method takes {count} arguments at most, not {given}"
        )))
    }

    pub(super) fn get(&self, place: usize) -> Option<&Value> {
        self.0.get(place)
    }

    pub(super) fn text(&self, place: usize) -> Result<&str, Failed> {
        match self.get(place) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(wanted(place, "a string")),
        }
    }

    pub(super) fn int(&self, place: usize) -> Result<i64, Failed> {
        match self.get(place) {
            Some(Value::Int(number)) => Ok(*number),
            _ => Err(wanted(place, "an integer")),
        }
    }

    /// Returns a flag that need not be given.
    pub(super) fn flag(&self, place: usize) -> Result<bool, Failed> {
        match self.get(place) {
            None => Ok(false),
            Some(Value::Bool(is)) => Ok(*is),
            Some(Value::Int(number)) => Ok(*number != 0),
            Some(_) => Err(wanted(place, "a boolean")),
        }
    }

    /// Returns the project that an argument names, or `None` if no project can have that name.
    pub(super) fn project(&self, place: usize) -> Result<Option<ProjectKey>, Failed> {
        Ok(project_key(self.text(place)?).ok())
    }
}

fn wanted(place: usize, what: &str) -> Failed {
    Failed::arguments(format!("argument {} must be {what}", place + 1))
}
