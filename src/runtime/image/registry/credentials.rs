//! Credentials that docker and podman keep: their file, and the helper programs that it names.
//!
//! It never keeps a secret longer than the pull, and never prints one.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::RegistryError;

/// What a registry knows somebody by.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    /// For basic authorization, and for asking for tokens.
    Password { user: String, password: String },
    /// A token that gets other tokens (OAuth2 refresh token).
    Identity(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The file, as far as it matters: `~/.docker/config.json`, containers-auth.json(5).
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    auths: HashMap<String, Auth>,
    cred_helpers: HashMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Auth {
    auth: Option<String>,
    identitytoken: Option<String>,
}

/// What a helper prints, docker-credential-helpers' protocol.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl Credentials {
    /// Looks up what there is for a registry, in the first of the usual files that exists.
    pub(super) fn find(registry: &str) -> Result<Option<Self>, RegistryError> {
        for path in files() {
            let wrong = |why: String| RegistryError::Credentials { host: registry.to_owned(), why };
            let text = match std::fs::read(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(wrong(format!("{}: {error}", path.display()))),
            };
            let file: File =
                serde_json::from_slice(&text).map_err(|error| wrong(format!("{}: {error}", path.display())))?;
            return file.find(registry).map_err(wrong);
        }
        Ok(None)
    }
}

/// `REGISTRY_AUTH_FILE` is podman's and skopeo's, `DOCKER_CONFIG` a folder of docker's.
fn files() -> Vec<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(file) = folder("REGISTRY_AUTH_FILE") {
        return vec![file];
    }
    let podmans = folder("XDG_RUNTIME_DIR").map(|runtime| runtime.join("containers/auth.json"));
    let dockers = folder("DOCKER_CONFIG").or_else(|| folder("HOME").map(|home| home.join(".docker")));
    podmans.into_iter().chain(dockers.map(|docker| docker.join("config.json"))).collect()
}

impl File {
    fn find(&self, registry: &str) -> Result<Option<Credentials>, String> {
        // Docker knows its hub by an address of its first version.
        let names: &[&str] = if registry == "docker.io" {
            &["https://index.docker.io/v1/", "index.docker.io", "docker.io"]
        } else {
            &[registry]
        };
        for name in names {
            if let Some(helper) = self.cred_helpers.get(*name) {
                return ask(helper, name);
            }
        }
        if let Some(helper) = &self.creds_store {
            for name in names {
                if let Some(found) = ask(helper, name)? {
                    return Ok(Some(found));
                }
            }
        }
        let fits = |key: &str| names.contains(&key) || names.contains(&host(key));
        match self.auths.iter().find(|(key, _)| fits(key)) {
            Some((_, auth)) => auth.read(),
            None => Ok(None),
        }
    }
}

/// Keys may be whole addresses: `https://quay.io/v2/`.
fn host(key: &str) -> &str {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

impl Auth {
    fn read(&self) -> Result<Option<Credentials>, String> {
        if let Some(token) = self.identitytoken.as_ref().filter(|token| !token.is_empty()) {
            return Ok(Some(Credentials::Identity(token.clone())));
        }
        let Some(auth) = self.auth.as_ref().filter(|auth| !auth.is_empty()) else { return Ok(None) };
        let wrong = || "`auth` is not the base64 of user:password".to_owned();
        let plain = STANDARD.decode(auth.trim()).map_err(|_| wrong())?;
        let plain = String::from_utf8(plain).map_err(|_| wrong())?;
        let (user, password) = plain.trim_end_matches('\0').split_once(':').ok_or_else(wrong)?;
        Ok(Some(Credentials::Password { user: user.to_owned(), password: password.to_owned() }))
    }
}

/// Runs `docker-credential-HELPER get`; that it has nothing for this registry is an answer.
fn ask(helper: &str, registry: &str) -> Result<Option<Credentials>, String> {
    let program = format!("docker-credential-{helper}");
    if helper.contains('/') {
        return Err(format!("{program:?} is no name of a program"));
    }
    let spawned =
        Command::new(&program).arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = spawned.map_err(|error| format!("{program}: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not read is one that knows its answer already.
        let _ = input.write_all(registry.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        if said.contains("credentials not found") {
            return Ok(None);
        }
        return Err(format!("{program}: {}", output.status));
    }
    // The error of the parser would repeat what it read.
    let answer: Helped = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("{program} printed something else than credentials"))?;
    Ok(Some(match &*answer.username {
        "<token>" => Credentials::Identity(answer.secret),
        _ => Credentials::Password { user: answer.username, password: answer.secret },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, registry: &str) -> Result<Option<Credentials>, String> {
        serde_json::from_str::<File>(text).unwrap().find(registry)
    }

    #[test]
    fn each_way_of_writing_a_registry() {
        let password = |user: &str| Ok(Some(Credentials::Password { user: user.into(), password: "pw:x".into() }));
        let auth = STANDARD.encode("me:pw:x");
        let file = format!(
            r#"{{"auths": {{"https://index.docker.io/v1/": {{"auth": "{auth}"}}, "quay.io": {{"auth": "{auth}"}},
                "https://ghcr.io/v2/": {{"auth": "{auth}"}}, "t.io": {{"identitytoken": "tok"}}, "empty.io": {{}},
                "bad.io": {{"auth": "???"}}}}, "credHelpers": {{"h.io": "launch-test-absent"}}, "HttpHeaders": {{}}}}"#
        );
        for registry in ["docker.io", "quay.io", "ghcr.io"] {
            assert_eq!(find(&file, registry), password("me"), "{registry}");
        }
        assert_eq!(find(&file, "t.io"), Ok(Some(Credentials::Identity("tok".into()))));
        assert_eq!(find(&file, "empty.io"), Ok(None));
        assert_eq!(find(&file, "other.io"), Ok(None));
        assert!(find(&file, "bad.io").unwrap_err().contains("base64 of user:password"));
        assert!(find(&file, "h.io").unwrap_err().starts_with("docker-credential-launch-test-absent: "));
        assert!(find(r#"{"credsStore": "../x"}"#, "a.io").unwrap_err().contains("no name of a program"));
    }

    #[test]
    fn secrets_are_not_shown() {
        let credentials = Credentials::Password { user: "me".into(), password: "pw".into() };
        assert_eq!(format!("{credentials:?}"), "Credentials(…)");
    }
}
