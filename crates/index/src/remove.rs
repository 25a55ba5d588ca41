//! Removing a release on request, as pypiserver's clients ask for it: a deletion like any other.

use std::sync::Arc;

use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::VersionText;

use crate::change::Attribution;
use crate::index::Index;
use crate::manage::{ManageError, Part, Step, Target, Wish};

impl Index {
    /// Deletes all files of one version of a project, signatures included, and returns how many
    /// those were. Versions are compared as versions: `1.0` also names files of `1.0.0`.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn remove_release(
        self: &Arc<Self>,
        project: ProjectKey,
        version: &str,
        by: Attribution,
    ) -> Result<usize, ManageError> {
        let target = Target {
            project,
            part: Part::Release(VersionText::from(version)),
        };
        let done = self.manage(Wish::Delete { target }, by).await?;
        let is_removal = |step: &&Step| matches!(step, Step::Remove(_));
        Ok(done.plan.steps.iter().filter(is_removal).count())
    }
}
