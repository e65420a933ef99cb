//! A user has one token at a time, and however many requests wait for a new one, one login fetches it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use reqwest::header::HeaderValue;
use tokio::sync::{Mutex, MutexGuard};

use super::error::CloudError;

/// The longest time before its end at which a token is renewed; a short-lived token is renewed in its last quarter.
const MARGIN: Duration = Duration::from_mins(5);

/// A token and its age on this machine's monotonic clock: a clock that is set differently here than in the cloud
/// does not matter.
#[derive(Debug)]
pub(crate) struct Token {
    /// Marked as sensitive, so that no log shows it.
    pub(crate) value: HeaderValue,
    /// From before it was asked for.
    pub(crate) born: Instant,
    /// How long it lives, as the cloud says; for ever when it says nothing.
    pub(crate) lifetime: Option<Duration>,
}

#[derive(Debug, PartialEq, Eq)]
enum Age {
    Fresh,
    Ageing,
    Over,
}

impl Token {
    fn age(&self) -> Age {
        let Some(lifetime) = self.lifetime else { return Age::Fresh };
        let age = self.born.elapsed();
        if age >= lifetime {
            Age::Over
        } else if age >= lifetime.saturating_sub(MARGIN.min(lifetime / 4)) {
            Age::Ageing
        } else {
            Age::Fresh
        }
    }
}

/// A user's current token.
#[derive(Debug)]
pub(crate) struct Tokens {
    current: RwLock<Arc<Token>>,
    renewing: Mutex<()>,
    /// Whether a login gives a new one; a token that somebody else got is all there is.
    renewable: bool,
}

/// Logs in once more.
pub(crate) type Login<'a> = &'a (dyn Fn() -> BoxFuture<'a, Result<Token, CloudError>> + Sync);

impl Tokens {
    pub(crate) fn new(first: Token, renewable: bool) -> Self {
        Self { current: RwLock::new(Arc::new(first)), renewing: Mutex::new(()), renewable }
    }

    pub(crate) fn current(&self) -> Arc<Token> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A token that is good for a request now.
    ///
    /// Near its end one request renews it while the others go on with the old one; past its end all wait.
    pub(crate) async fn valid(&self, login: Login<'_>) -> Result<Arc<Token>, CloudError> {
        let token = self.current();
        if !self.renewable {
            return Ok(token);
        }
        match token.age() {
            Age::Fresh => Ok(token),
            Age::Ageing => match self.renewing.try_lock() {
                Ok(turn) => match self.renew(&token, turn, login).await {
                    Ok(new) => Ok(new),
                    // The old one still works; the next request tries again.
                    Err(error) => {
                        tracing::debug!(%error, "the token could not be renewed before its end");
                        Ok(token)
                    }
                },
                Err(_another_is_at_it) => Ok(token),
            },
            Age::Over => {
                let turn = self.renewing.lock().await;
                self.renew(&token, turn, login).await
            }
        }
    }

    /// A token other than the one that was refused; nothing when there can be none.
    pub(crate) async fn instead_of(
        &self,
        refused: &Arc<Token>,
        login: Login<'_>,
    ) -> Result<Option<Arc<Token>>, CloudError> {
        if !self.renewable {
            return Ok(None);
        }
        let turn = self.renewing.lock().await;
        self.renew(refused, turn, login).await.map(Some)
    }

    async fn renew(
        &self,
        old: &Arc<Token>,
        _turn: MutexGuard<'_, ()>,
        login: Login<'_>,
    ) -> Result<Arc<Token>, CloudError> {
        let current = self.current();
        if !Arc::ptr_eq(&current, old) {
            // Somebody renewed it while this request waited for its turn.
            return Ok(current);
        }
        let new = Arc::new(login().await?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
        Ok(new)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn token(name: &'static str, age: u64, lifetime: u64) -> Token {
        let born = Instant::now().checked_sub(Duration::from_secs(age)).unwrap();
        Token { value: HeaderValue::from_static(name), born, lifetime: Some(Duration::from_secs(lifetime)) }
    }

    #[test]
    fn a_token_is_old_before_it_is_over() {
        assert_eq!(token("t", 0, 3600).age(), Age::Fresh);
        assert_eq!(token("t", 3350, 3600).age(), Age::Ageing);
        assert_eq!(token("t", 3601, 3600).age(), Age::Over);
        assert_eq!(token("t", 10, 60).age(), Age::Fresh);
        assert_eq!(token("t", 50, 60).age(), Age::Ageing);
    }

    #[tokio::test]
    async fn many_who_wait_cause_one_login() {
        for (age, reason) in [(3601, "over"), (10, "refused")] {
            let tokens = Tokens::new(token("old", age, 3600), true);
            let logins = AtomicUsize::new(0);
            let login = || -> BoxFuture<'_, _> {
                Box::pin(async {
                    logins.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    Ok(token("new", 0, 3600))
                })
            };
            let old = tokens.current();
            let all = (0..50).map(|_| async {
                match reason {
                    "over" => tokens.valid(&login).await.unwrap(),
                    _ => tokens.instead_of(&old, &login).await.unwrap().unwrap(),
                }
            });
            for got in futures::future::join_all(all).await {
                assert_eq!(got.value, "new");
            }
            assert_eq!(logins.load(Ordering::Relaxed), 1, "{reason}");
        }
    }

    #[tokio::test]
    async fn an_ageing_token_goes_on_when_keystone_is_away() {
        let tokens = Tokens::new(token("old", 3400, 3600), true);
        let login = || -> BoxFuture<'_, _> {
            Box::pin(async { Err(CloudError::Setting { what: "x".into(), reason: "away".into() }) })
        };
        assert_eq!(tokens.valid(&login).await.unwrap().value, "old");
        let over = Tokens::new(token("old", 3700, 3600), true);
        assert!(over.valid(&login).await.is_err());
    }

    #[tokio::test]
    async fn a_foreign_token_is_never_renewed() {
        let tokens = Tokens::new(token("given", 3700, 3600), false);
        let login = || -> BoxFuture<'_, _> { Box::pin(async { unreachable!() }) };
        assert_eq!(tokens.valid(&login).await.unwrap().value, "given");
        assert!(tokens.instead_of(&tokens.current(), &login).await.unwrap().is_none());
    }
}
