//! What an image says about running it: the part of its configuration that fills what a container file leaves out.
//!
//! It never decides what wins: the plan does, and says so.

/// The `config` of an image, image-spec `config.md`; empty for archives.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct ImageConfig {
    /// The first words of the command.
    pub entrypoint: Vec<String>,
    /// The words after it, or the command when there is no entrypoint.
    pub cmd: Vec<String>,
    /// `NAME=value`.
    pub env: Vec<String>,
    /// `uid[:gid]` or `name[:group]`; names are of the image's own passwd and group.
    pub user: Option<String>,
    /// Where the command starts.
    pub workdir: Option<String>,
    /// `SIGTERM` or a number.
    pub stop_signal: Option<String>,
}
