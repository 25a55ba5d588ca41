//! What both databases say of a catalog that is being copied.

/// The catalog is being filled with the rows of another one.
pub(super) const FILLING: &str = "filling";
/// It is held still.
pub(super) const HELD: &str = "held";
/// Another one counts in its place.
pub(super) const MOVED: &str = "moved";

/// How many rows are read or written at a time.
pub(super) const ROWS_TOGETHER: usize = 500;

/// Says why nothing can be written, to whoever wishes to.
pub(super) fn held_words(to: &str, has_moved: bool) -> String {
    if has_moved {
        format!("this index has moved to {to}: what is written here would be lost")
    } else {
        format!(
            "this index is about to move to {to}, and takes nothing meanwhile; try again in a moment"
        )
    }
}

/// Says why a catalog cannot be filled that something else is copied into, or that is held.
pub(super) fn other_filling(name: &str) -> String {
    format!("another copy of it is under way (`{name}`), and was not ended")
}

/// Says why a catalog cannot be filled that has rows.
pub(super) fn not_empty(table: &str) -> String {
    format!("it holds {table} already")
}
