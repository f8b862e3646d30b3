//! What a 401 asks for: the challenge, and the header that answers it (distribution-spec, token authentication).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Credentials;

/// The `WWW-Authenticate` header, as far as registries use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

impl Challenge {
    /// Finds a challenge that can be met; tokens before passwords.
    pub(super) fn parse<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut found: Vec<Self> = headers.filter_map(Self::one).collect();
        found.sort_by_key(|challenge| *challenge == Self::Basic);
        found.into_iter().next()
    }

    fn one(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let parameters = parameters(rest);
        let get = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        Some(Self::Bearer { realm: get("realm")?, service: get("service"), scope: get("scope") })
    }
}

/// Reads `key="value",key=value`; commas and escaped quotes may stand in quoted values.
fn parameters(mut text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while let Some((key, rest)) = text.split_once('=') {
        let key = key.trim_matches([',', ' ']).to_ascii_lowercase();
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut letters = quoted.char_indices();
            let mut end = quoted.len();
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
                    letter => value.push(letter),
                }
            }
            text = &quoted[end..];
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            value.push_str(rest[..end].trim());
            text = &rest[end..];
        }
        found.push((key, value));
    }
    found
}

/// Makes the header for basic authorization.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// The request that gets a token: its address, or for an identity token its address and its form.
pub(super) enum TokenRequest {
    Get { url: String, authorization: Option<String> },
    Post { url: String, form: String },
}

/// Makes the request that a challenge asks for. `scope` is what this program wants, if the challenge does not say.
pub(super) fn token_request(
    realm: &str,
    service: Option<&str>,
    scope: &str,
    credentials: Option<&Credentials>,
) -> TokenRequest {
    let query = service.map_or(String::new(), |service| format!("service={}&", percent(service)));
    let query = format!("{query}scope={}", percent(scope));
    match credentials {
        Some(Credentials::Identity(token)) => TokenRequest::Post {
            url: realm.to_owned(),
            form: format!("grant_type=refresh_token&client_id=launch&{query}&refresh_token={}", percent(token)),
        },
        Some(Credentials::Password { user, password }) => {
            TokenRequest::Get { url: with_query(realm, &query), authorization: Some(basic(user, password)) }
        }
        None => TokenRequest::Get { url: with_query(realm, &query), authorization: None },
    }
}

fn with_query(realm: &str, query: &str) -> String {
    format!("{realm}{}{query}", if realm.contains('?') { '&' } else { '?' })
}

/// Escapes for a query or a form, RFC 3986.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b'/' | b',' => {
                escaped.push(char::from(byte));
            }
            _ => {
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        let header =
            r#"Bearer realm="https://auth.example/token",service="reg, \"x\"",scope="repository:a/b:pull,push""#;
        let wanted = Challenge::Bearer {
            realm: "https://auth.example/token".into(),
            service: Some("reg, \"x\"".into()),
            scope: Some("repository:a/b:pull,push".into()),
        };
        assert_eq!(Challenge::parse(["Basic realm=\"r\"", header].into_iter()), Some(wanted));
        assert_eq!(Challenge::parse(["basic"].into_iter()), Some(Challenge::Basic));
        assert_eq!(Challenge::parse(["Negotiate", "Bearer", "Bearer realm", ""].into_iter()), None);
        let bare = Challenge::parse(["BEARER realm=http://a/t, scope=\"unclosed"].into_iter());
        let wanted = Challenge::Bearer { realm: "http://a/t".into(), service: None, scope: Some("unclosed".into()) };
        assert_eq!(bare, Some(wanted));
    }

    #[test]
    fn requests_for_tokens() {
        let password = Credentials::Password { user: "u".into(), password: "p".into() };
        let TokenRequest::Get { url, authorization } =
            token_request("https://a/t?x=1", Some("s v"), "r:a:pull", Some(&password))
        else {
            panic!("a password is sent by GET")
        };
        assert_eq!(url, "https://a/t?x=1&service=s%20v&scope=r:a:pull");
        assert_eq!(authorization.as_deref(), Some("Basic dTpw"));
        let identity = Credentials::Identity("t&k".into());
        let TokenRequest::Post { url, form } = token_request("https://a/t", None, "r", Some(&identity)) else {
            panic!("an identity token is sent by POST")
        };
        assert_eq!((url.as_str(), form.contains("&refresh_token=t%26k")), ("https://a/t", true));
    }
}
