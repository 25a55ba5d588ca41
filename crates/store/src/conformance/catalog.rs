//! The promises of the port `Catalog`. [`catalog_promises!`] makes a test of each for a backend.

mod changes;
mod concurrency;
mod expecting;
mod fixture;
mod journal;
mod listing;
mod marking;
mod newest;
mod odd_values;
mod reading;
mod searching;

pub(crate) use changes::*;
pub(crate) use concurrency::*;
pub(crate) use expecting::*;
pub(crate) use fixture::{FixedClock, NOW_SECONDS, change_in, contents, core, found, record};
pub(crate) use journal::*;
pub(crate) use listing::*;
pub(crate) use marking::*;
pub(crate) use newest::*;
pub(crate) use odd_values::*;
pub(crate) use reading::*;
pub(crate) use searching::*;

/// Makes a test of each promise. `$fresh` gives an empty catalog and whatever must outlive it; the
/// catalog's clock is a [`FixedClock`].
macro_rules! catalog_promises {
    ($fresh:expr) => {
        $crate::conformance::catalog::catalog_promises! { @each $fresh;
            a_new_catalog_is_empty_and_begins_at_the_present_second
            a_change_is_all_or_nothing_to_readers_and_takes_one_serial
            what_was_recorded_is_read_back_the_same
            the_same_record_again_changes_nothing
            a_file_found_again_keeps_what_was_read_and_uploaded
            adding_what_is_there_replaces_it_and_the_reverse
            removing_what_is_not_there_changes_nothing
            file_changes_of_one_change_happen_in_order
            a_change_names_each_project_and_path_once
            a_path_can_move_to_another_project
            replacing_a_file_forgets_its_core_metadata
            a_projects_serial_survives_its_emptiness
            only_what_a_change_touches_gets_its_serial
            the_newest_file_spells_the_name
            indexes_are_kept_apart
            counts_follow_every_change
            files_are_paged_in_the_order_of_bytes
            unread_files_are_paged_in_the_order_of_bytes
            files_are_found_by_name_in_any_folder
            what_was_read_is_added_without_a_serial_or_an_event
            what_was_read_of_another_content_is_left_out
            marks_take_the_place_of_marks_about_the_same_thing
            a_mark_that_is_there_and_one_that_is_not_change_nothing
            marks_come_with_their_project_and_outlive_its_files
            a_change_of_marks_is_an_event_with_what_was_and_is_said
            quarantine_touches_every_path_and_shows_in_lists
            events_hold_the_records_before_and_after
            events_tell_who_and_how
            the_last_events_of_a_project_are_told
            a_serial_is_never_split
            a_search_finds_parts_of_names_and_summaries
            a_search_leaves_signatures_out_and_stops_at_its_limit
            a_search_takes_no_character_for_a_wildcard
            the_newest_files_and_projects_come_first
            classifiers_are_listed_once_and_lead_to_their_files
            a_moment_is_found_in_the_journal
            odd_texts_and_numbers_are_kept_as_they_are
            every_form_of_contents_is_kept
            a_name_that_must_be_unused_was_not_deleted
            a_change_is_recorded_only_if_what_it_expects_is_so
            of_many_changes_that_expect_the_same_one_is_recorded
            commits_at_the_same_time_get_rising_serials
            a_commit_goes_on_when_nobody_waits_for_it
        }
    };
    (@each $fresh:expr; $($promise:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let (catalog, _kept) = $fresh;
                let catalog: std::sync::Arc<dyn wheelhouse_index::ports::Catalog> = catalog;
                $crate::conformance::catalog::$promise(catalog).await;
            }
        )*
    };
}
pub(crate) use catalog_promises;
