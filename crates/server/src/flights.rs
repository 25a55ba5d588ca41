//! One render per page, however many ask for it at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::Semaphore;
use wheelhouse_index::ports::StoreError;

use crate::error::ApiError;
use crate::generations::Generation;
use crate::page_cache::{KeptPage, PageKey};

type Rendered = Result<Arc<KeptPage>, ApiError>;
/// A page at a generation: who asks after a change does not get what was begun before it.
type FlightKey = (PageKey, Generation);

/// The renders that are under way.
#[derive(Debug)]
pub(crate) struct Flights {
    under_way: Arc<Mutex<HashMap<FlightKey, Shared<BoxFuture<'static, Rendered>>>>>,
    /// Permits to render: each page may take much memory.
    permits: Arc<Semaphore>,
}

impl Flights {
    /// Allows so many renders at a time.
    pub(crate) fn new(permits: usize) -> Self {
        Self {
            under_way: Arc::default(),
            permits: Arc::new(Semaphore::new(permits)),
        }
    }

    /// Renders a page, or waits for whoever renders it already. A render goes on to its end when
    /// nobody waits any more, and a failed one is forgotten.
    pub(crate) async fn render(
        &self,
        key: PageKey,
        generation: Generation,
        render: impl Future<Output = Rendered> + Send + 'static,
    ) -> Rendered {
        let flight = match lock(&self.under_way).entry((key, generation)) {
            Entry::Occupied(flight) => flight.get().clone(),
            Entry::Vacant(place) => {
                let (under_way, permits) = (Arc::clone(&self.under_way), Arc::clone(&self.permits));
                let key = place.key().clone();
                let flight = tokio::spawn(async move {
                    // Gone when the render ends, also when it ends in a panic.
                    let _landing = Landing { under_way, key };
                    let _permit = permits.acquire().await;
                    render.await
                });
                let flight = flight
                    .map(|ended| {
                        ended.unwrap_or_else(|failure| {
                            Err(StoreError::new("server", "render a page", failure).into())
                        })
                    })
                    .boxed()
                    .shared();
                place.insert(flight).clone()
            }
        };
        flight.await
    }
}

struct Landing {
    under_way: Arc<Mutex<HashMap<FlightKey, Shared<BoxFuture<'static, Rendered>>>>>,
    key: FlightKey,
}

impl Drop for Landing {
    fn drop(&mut self) {
        lock(&self.under_way).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use http::{HeaderMap, StatusCode};
    use wheelhouse_standards::accept::Encoding;

    use super::*;
    use crate::page_cache::{Form, PageCache, RenderedPage, Subject};

    fn key(name: &str) -> PageKey {
        PageKey::new(
            Subject::Project(name),
            Form::Json,
            Encoding::Identity,
            "",
            0,
        )
    }

    async fn counted(renders: Arc<AtomicUsize>, generation: Generation) -> Rendered {
        renders.fetch_add(1, Ordering::Relaxed);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let page = RenderedPage {
            body: "page".into(),
            headers: HeaderMap::new(),
        };
        Ok(Arc::new((generation, page)))
    }

    #[tokio::test]
    async fn a_page_is_rendered_once_for_all_who_ask_at_once() {
        let (pages, flights) = (PageCache::new(1_000_000), Flights::new(2));
        let renders = Arc::new(AtomicUsize::new(0));
        let generation = pages.generation(Subject::Project("demo"));
        let asked = (0..50).map(|_| {
            flights.render(
                key("demo"),
                generation,
                counted(Arc::clone(&renders), generation),
            )
        });
        for answer in join_all(asked).await {
            assert_eq!(&answer.expect("a page").1.body[..], b"page");
        }
        assert_eq!(renders.load(Ordering::Relaxed), 1);
        assert!(lock(&flights.under_way).is_empty(), "nothing is kept here");
    }

    #[tokio::test]
    async fn who_asks_after_a_change_gets_a_render_that_began_after_it() {
        let generations = crate::generations::Generations::new();
        let flights = Flights::new(2);
        let renders = Arc::new(AtomicUsize::new(0));
        let before = generations.of("demo");
        generations.touch("demo");
        let after = generations.of("demo");
        let (first, second) = tokio::join!(
            flights.render(key("demo"), before, counted(Arc::clone(&renders), before)),
            flights.render(key("demo"), after, counted(Arc::clone(&renders), after)),
        );
        assert_eq!(first.expect("a page").0, before);
        assert_eq!(second.expect("a page").0, after);
        assert_eq!(renders.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_render_that_fails_or_panics_is_tried_again_by_the_next() {
        let generation = crate::generations::Generations::new().of("demo");
        let flights = Flights::new(1);
        let failed = flights
            .render(key("demo"), generation, async {
                Err(ApiError::not_found())
            })
            .await;
        assert_eq!(failed.expect_err("refused").status, StatusCode::NOT_FOUND);
        let panicked = flights
            .render(key("demo"), generation, async { panic!("as a test") })
            .await;
        assert_eq!(
            panicked.expect_err("failed").status,
            StatusCode::INTERNAL_SERVER_ERROR
        );
        let renders = Arc::new(AtomicUsize::new(0));
        let third = flights.render(key("demo"), generation, counted(renders, generation));
        assert!(third.await.is_ok());
    }
}
