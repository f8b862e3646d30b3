//! One registry, or one mirror of it: requests with authorization, redirects and patience.
//!
//! It never follows a redirect with credentials to another host, nor from HTTPS down to HTTP.

use std::sync::Mutex;
use std::time::Duration;

use ureq::http::{HeaderMap, Response, Uri};
use ureq::{Agent, Body};

use super::auth::{self, Challenge, TokenRequest};
use super::patience::{Patience, is_passing};
use super::{Credentials, RegistryError, RegistryOptions, tls};

/// The most bytes of an answer that is read whole.
const MOST: u64 = 4 << 20;

/// A registry to talk to.
pub(super) struct Client {
    agent: Agent,
    /// Where requests go: `https://registry-1.docker.io`.
    base: String,
    /// The host, for messages and comparisons.
    pub(super) host: String,
    /// The repository there, with the path of a mirror before it.
    pub(super) repository: String,
    credentials: Option<Credentials>,
    /// The authorization that the last challenge was answered with.
    authorization: Mutex<Option<String>>,
    pub(super) options: RegistryOptions,
}

/// A request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Request<'a> {
    pub(super) path: &'a str,
    pub(super) accept: Option<&'a str>,
    /// Only from this byte on.
    pub(super) from: Option<u64>,
}

impl Client {
    /// Prepares to talk to `at`: a host, perhaps with a port and the path of a mirror.
    pub(super) fn new(
        at: &str,
        repository: &str,
        credentials: Option<Credentials>,
        options: &RegistryOptions,
    ) -> Result<Self, RegistryError> {
        let (host, prefix) = at.split_once('/').unwrap_or((at, ""));
        let scheme = if options.insecure.iter().any(|insecure| insecure == host) { "http" } else { "https" };
        // The hub's name in references is not where it answers.
        let host = if host == "docker.io" { "registry-1.docker.io" } else { host };
        let separator = if prefix.is_empty() { "" } else { "/" };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .https_only(false)
            .user_agent(concat!("launch/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(options.stall))
            .timeout_recv_response(Some(options.stall))
            .timeout_per_read(Some(options.stall))
            .tls_config(tls::config()?)
            .build();
        Ok(Self {
            agent: config.new_agent(),
            base: format!("{scheme}://{host}"),
            host: host.to_owned(),
            repository: format!("{prefix}{separator}{repository}"),
            credentials,
            authorization: Mutex::new(None),
            options: options.clone(),
        })
    }

    /// Asks until there is an answer that is not a passing refusal. Statuses from 400 on are errors.
    pub(super) fn get(&self, request: Request<'_>) -> Result<Response<Body>, RegistryError> {
        let mut patience = Patience::new(&self.options);
        loop {
            let (error, asked) = match self.authorized(request) {
                Ok(response) if response.status().as_u16() < 400 => return Ok(response),
                Ok(response) => {
                    let status = response.status().as_u16();
                    let asked = retry_after(response.headers());
                    let error = self.refused(request, status);
                    if !is_passing(status) {
                        return Err(error);
                    }
                    (error, asked)
                }
                Err(error @ RegistryError::Transport { .. }) => (error, None),
                Err(error) => return Err(error),
            };
            if !patience.again(&self.host, asked)? {
                return Err(error);
            }
        }
    }

    /// Asks, and when the answer is 401 once more with what that asks for.
    fn authorized(&self, request: Request<'_>) -> Result<Response<Body>, RegistryError> {
        let known = self.authorization.lock().expect("no holder of this lock panics").clone();
        let response = self.follow(request, known.as_deref())?;
        if response.status().as_u16() != 401 {
            return Ok(response);
        }
        let headers = response.headers().get_all("www-authenticate");
        let Some(challenge) = Challenge::parse(headers.iter().filter_map(|value| value.to_str().ok())) else {
            return Ok(response);
        };
        drop(response);
        let Some(answer) = self.answer(&challenge)? else { return Err(self.refused(request, 401)) };
        *self.authorization.lock().expect("no holder of this lock panics") = Some(answer.clone());
        self.follow(request, Some(&answer))
    }

    fn answer(&self, challenge: &Challenge) -> Result<Option<String>, RegistryError> {
        match challenge {
            Challenge::Basic => Ok(match &self.credentials {
                Some(Credentials::Password { user, password }) => Some(auth::basic(user, password)),
                _ => None,
            }),
            Challenge::Bearer { realm, service, scope } => {
                let own = format!("repository:{}:pull", self.repository);
                let scope = scope.as_deref().unwrap_or(&own);
                self.token(realm, service.as_deref(), scope).map(|token| Some(format!("Bearer {token}")))
            }
        }
    }

    fn token(&self, realm: &str, service: Option<&str>, scope: &str) -> Result<String, RegistryError> {
        #[derive(serde::Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
        }
        if self.base.starts_with("https:") && !realm.starts_with("https:") {
            let why = "credentials go over HTTPS only";
            return Err(RegistryError::Redirect { host: self.host.clone(), target: realm.to_owned(), why });
        }
        let wrong = |why: String| RegistryError::Answer { host: self.host.clone(), path: realm.to_owned(), why };
        let mut patience = Patience::new(&self.options);
        let mut response = loop {
            let sent = match auth::token_request(realm, service, scope, self.credentials.as_ref()) {
                TokenRequest::Get { url, authorization } => match authorization {
                    Some(header) => self.agent.get(url).header("authorization", header).call(),
                    None => self.agent.get(url).call(),
                },
                TokenRequest::Post { url, form } => {
                    self.agent.post(url).content_type("application/x-www-form-urlencoded").send(form)
                }
            };
            let (error, asked) = match sent {
                Ok(response) if response.status().is_success() => break response,
                Ok(response) if is_passing(response.status().as_u16()) => (
                    self.refused(Request { path: realm, ..Request::default() }, response.status().as_u16()),
                    retry_after(response.headers()),
                ),
                Ok(response) => {
                    return Err(self.refused(Request { path: realm, ..Request::default() }, response.status().as_u16()));
                }
                Err(error) => (self.transport(&error), None),
            };
            if !patience.again(&self.host, asked)? {
                return Err(error);
            }
        };
        let text =
            response.body_mut().with_config().limit(MOST).read_to_vec().map_err(|error| self.transport(&error))?;
        // The error of the parser would repeat what it read.
        let answer: Answer = serde_json::from_slice(&text).map_err(|_| wrong("the answer is no token".to_owned()))?;
        let token =
            answer.token.or(answer.access_token).filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
        token.ok_or_else(|| wrong("there is no token in the answer".to_owned()))
    }

    /// Asks and follows redirects; the authorization stays with the host that it is for.
    fn follow(&self, request: Request<'_>, authorization: Option<&str>) -> Result<Response<Body>, RegistryError> {
        const MOST_REDIRECTS: u32 = 6;
        let mut url = format!("{}{}", self.base, request.path);
        for _ in 0..=MOST_REDIRECTS {
            let mut call = self.agent.get(&url);
            if let Some(header) = authorization.filter(|_| same_origin(&self.base, &url)) {
                call = call.header("authorization", header);
            }
            if let Some(accept) = request.accept {
                call = call.header("accept", accept);
            }
            if let Some(from) = request.from {
                call = call.header("range", format!("bytes={from}-"));
            }
            let response = call.call().map_err(|error| self.transport(&error))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            url = self.redirect(&url, response.headers())?;
        }
        let why = "these are too many redirects";
        Err(RegistryError::Redirect { host: self.host.clone(), target: url, why })
    }

    fn redirect(&self, from: &str, headers: &HeaderMap) -> Result<String, RegistryError> {
        let location = headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or("");
        let refused = |why| RegistryError::Redirect { host: self.host.clone(), target: location.to_owned(), why };
        let target = join(from, location).ok_or_else(|| refused("it is no address"))?;
        let insecure = |url: &str| {
            let authority = url.parse::<Uri>().ok().and_then(|uri| uri.authority().map(ToString::to_string));
            authority.is_some_and(|authority| self.options.insecure.contains(&authority))
        };
        if target.starts_with("http:") && from.starts_with("https:") && !insecure(&target) {
            return Err(refused("it leads from HTTPS to HTTP"));
        }
        Ok(target)
    }

    fn refused(&self, request: Request<'_>, status: u16) -> RegistryError {
        let hint = match status {
            401 => "(this needs other credentials, or the repository does not exist)",
            403 => "(not allowed for these credentials)",
            404 => "(there is no such image)",
            416 => "(the rest of a blob is not to be had)",
            429 => "(too many requests)",
            500.. => "(the registry is in trouble)",
            _ => "",
        };
        RegistryError::Status { host: self.host.clone(), path: request.path.to_owned(), status, hint }
    }

    pub(super) fn transport(&self, error: &ureq::Error) -> RegistryError {
        let mut text = error.to_string();
        // What a server of plain HTTP makes of the first bytes of TLS: an answer in letters, or none.
        let is_plain = match error {
            ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::UnexpectedEof,
            _ => false,
        };
        if self.base.starts_with("https:") && (is_plain || text.contains("InvalidContentType")) {
            text.push_str("; if it speaks plain HTTP, that has to be written down as `insecure`");
        }
        RegistryError::Transport { host: self.host.clone(), error: text }
    }

    /// Reads an answer whole; a longer one than any manifest is an error.
    pub(super) fn whole(&self, path: &str, mut response: Response<Body>) -> Result<Vec<u8>, RegistryError> {
        let read = response.body_mut().with_config().limit(MOST).read_to_vec();
        read.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => RegistryError::Answer {
                host: self.host.clone(),
                path: path.to_owned(),
                why: format!("more than {MOST} bytes came, which no manifest has"),
            },
            error => self.transport(&error),
        })
    }

    /// How long next to nothing may come.
    pub(super) fn stall(&self) -> Duration {
        self.options.stall
    }
}

/// What is kept of the answers of several hosts.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()
}

fn same_origin(base: &str, url: &str) -> bool {
    let origin = |url: &str| {
        let uri: Uri = url.parse().ok()?;
        Some((uri.scheme_str()?.to_owned(), uri.authority()?.to_string()))
    };
    origin(base).is_some() && origin(base) == origin(url)
}

/// Resolves a `Location` against the address that it came from.
fn join(from: &str, location: &str) -> Option<String> {
    let base: Uri = from.parse().ok()?;
    if location.starts_with("http://") || location.starts_with("https://") {
        return location.parse::<Uri>().ok().map(|_| location.to_owned());
    }
    if let Some(rest) = location.strip_prefix("//") {
        return Some(format!("{}://{rest}", base.scheme_str()?));
    }
    location.starts_with('/').then(|| Some(format!("{}://{}{location}", base.scheme_str()?, base.authority()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_resolved() {
        let from = "https://a.example:5000/v2/x";
        assert_eq!(join(from, "/blob?x=1").as_deref(), Some("https://a.example:5000/blob?x=1"));
        assert_eq!(join(from, "//b.example/c").as_deref(), Some("https://b.example/c"));
        assert_eq!(join(from, "http://b.example/c").as_deref(), Some("http://b.example/c"));
        assert_eq!(join(from, "file:///etc/passwd"), None);
        assert_eq!(join(from, ""), None);
        assert!(same_origin("https://a", "https://a/b") && !same_origin("https://a", "https://a:444/b"));
        assert!(!same_origin("https://a", "http://a/b") && !same_origin("https://a", "https://a.evil/b"));
    }
}
