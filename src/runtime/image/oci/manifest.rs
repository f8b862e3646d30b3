//! One image: its manifest and its configuration, read, compared with each other, and reduced to what is needed.

use oci_spec::image::{Descriptor, ImageManifest, MediaType};

use super::{Blobs, OciError, identity, parse, read};
use crate::runtime::image::config::ImageConfig;
use crate::runtime::image::digest::Digest;
use crate::runtime::image::platform::Platform;

/// An image.
#[derive(Debug, Clone)]
pub(in super::super) struct Image {
    /// The digest of its manifest.
    pub(in super::super) manifest: Digest,
    /// The digest of its configuration.
    pub(in super::super) config_digest: Digest,
    /// Its layers, lowest first.
    pub(in super::super) layers: Vec<Layer>,
    /// What it wants to run.
    pub(in super::super) config: ImageConfig,
}

/// A layer.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Layer {
    /// The digest of the blob.
    pub(in super::super) packed: Digest,
    /// The size of the blob.
    pub(in super::super) size: u64,
    /// The digest of what it unpacks to.
    pub(in super::super) plain: Digest,
}

/// The configuration as far as it matters. Docker writes `null` where the specification has nothing.
#[derive(serde::Deserialize)]
struct Configuration {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    variant: Option<String>,
    config: Option<Run>,
    rootfs: RootFs,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Run {
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    env: Option<Vec<String>>,
    user: Option<String>,
    working_dir: Option<String>,
    stop_signal: Option<String>,
}

#[derive(serde::Deserialize)]
struct RootFs {
    diff_ids: Option<Vec<String>>,
}

impl Image {
    pub(super) fn read(blobs: &dyn Blobs, descriptor: &Descriptor, platform: &Platform) -> Result<Self, OciError> {
        let blob = descriptor.digest().to_string();
        check_type(descriptor)?;
        let manifest: ImageManifest = parse("manifest", &blob, &read(blobs, descriptor)?)?;
        let config_blob = manifest.config().digest().to_string();
        let configuration: Configuration =
            parse("image configuration", &config_blob, &read(blobs, manifest.config())?)?;
        configuration.check_platform(platform)?;
        let layers = layers(manifest.layers(), &configuration)?;
        let (manifest_digest, _) = identity(descriptor)?;
        let (config_digest, _) = identity(manifest.config())?;
        let config = configuration.config.unwrap_or_default().into();
        Ok(Self { manifest: manifest_digest, config_digest, layers, config })
    }

    /// Returns the digests of the plain layers.
    pub(in super::super) fn diff_ids(&self) -> Vec<Digest> {
        self.layers.iter().map(|layer| layer.plain).collect()
    }
}

fn check_type(descriptor: &Descriptor) -> Result<(), OciError> {
    match descriptor.media_type() {
        MediaType::ImageManifest => Ok(()),
        MediaType::Other(other) if other == "application/vnd.docker.distribution.manifest.v2+json" => Ok(()),
        other => Err(OciError::MediaType { blob: descriptor.digest().to_string(), found: other.to_string() }),
    }
}

fn layers(descriptors: &[Descriptor], configuration: &Configuration) -> Result<Vec<Layer>, OciError> {
    let diff_ids = configuration.rootfs.diff_ids.as_deref().unwrap_or_default();
    for (number, descriptor) in (1..).zip(descriptors) {
        check_layer(number, descriptor)?;
    }
    if descriptors.len() != diff_ids.len() {
        return Err(OciError::Layers { layers: descriptors.len(), diff_ids: diff_ids.len() });
    }
    let layer = |(descriptor, plain): (&Descriptor, &String)| {
        let (packed, size) = identity(descriptor)?;
        Ok(Layer { packed, size, plain: plain.parse().map_err(OciError::Algorithm)? })
    };
    descriptors.iter().zip(diff_ids).map(layer).collect()
}

fn check_layer(number: usize, descriptor: &Descriptor) -> Result<(), OciError> {
    let found = descriptor.media_type().to_string();
    let refused = |why| Err(OciError::Layer { number, found: found.clone(), why });
    if found.contains("nondistributable") || found.contains("foreign") || found.contains("rootfs.diff.tar.gzip+foreign")
    {
        return refused("such a layer is not in the image but fetched from elsewhere, which this program does not do");
    }
    if found.contains("+encrypted") {
        return refused("it is encrypted, and this program has no keys");
    }
    // The compression is found out by the first bytes, whatever the type says.
    let known = ["application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar"];
    if known.iter().any(|known| found.starts_with(known)) {
        return Ok(());
    }
    refused("layers are tar archives; this may be an artifact and no image")
}

impl Configuration {
    /// Images made by hand may leave the platform out.
    fn check_platform(&self, platform: &Platform) -> Result<(), OciError> {
        let unknown = self.os.is_empty() && self.architecture.is_empty();
        if unknown || platform.accepts(&self.os, &self.architecture, self.variant.as_deref()) {
            return Ok(());
        }
        let there = format!("{}/{}", self.os, self.architecture);
        Err(OciError::NoPlatform { wanted: platform.to_string(), there })
    }
}

impl From<Run> for ImageConfig {
    fn from(run: Run) -> Self {
        let written = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            entrypoint: run.entrypoint.unwrap_or_default(),
            cmd: run.cmd.unwrap_or_default(),
            env: run.env.unwrap_or_default(),
            user: written(run.user),
            workdir: written(run.working_dir),
            stop_signal: written(run.stop_signal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_writes_as_null_is_nothing() {
        let text = r#"{"architecture":"amd64","os":"linux","config":{"Hostname":"","Entrypoint":null,"Cmd":["sh"],
            "User":"","Env":null,"WorkingDir":"/w","Volumes":null,"OnBuild":null,"Labels":null},
            "rootfs":{"type":"layers","diff_ids":null},"history":[{"created_by":"x"}]}"#;
        let configuration: Configuration = serde_json::from_str(text).unwrap();
        let config = ImageConfig::from(configuration.config.unwrap());
        let wanted =
            ImageConfig { cmd: vec!["sh".to_owned()], workdir: Some("/w".to_owned()), ..ImageConfig::default() };
        assert_eq!(config, wanted);
    }
}
