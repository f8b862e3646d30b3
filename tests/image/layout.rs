//! OCI image layouts made here, with whatever a test wants to be wrong in them.

use super::tarball::gzip;
use launch::runtime::image::Digest;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// A layout on disk.
pub(crate) struct Layout {
    pub(crate) path: PathBuf,
    manifests: Vec<Value>,
}

/// An image in the making.
pub(crate) struct Image {
    layers: Vec<Value>,
    diff_ids: Vec<String>,
    pub(crate) architecture: &'static str,
    pub(crate) config: Value,
}

impl Layout {
    pub(crate) fn new(path: PathBuf) -> Self {
        fs::create_dir_all(path.join("blobs/sha256")).unwrap();
        fs::write(path.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Self { path, manifests: Vec::new() }
    }

    /// Stores a blob and returns its descriptor.
    pub(crate) fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        fs::write(self.path.join("blobs/sha256").join(digest.hex()), bytes).unwrap();
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
    }

    pub(crate) fn blob_path(&self, descriptor: &Value) -> PathBuf {
        let digest = descriptor["digest"].as_str().unwrap();
        self.path.join("blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())
    }

    /// Starts an image with these layers, each a plain tar stream.
    pub(crate) fn image(&self, layers: &[Vec<u8>]) -> Image {
        Image {
            layers: layers.iter().map(|layer| self.blob(GZIP, &gzip(layer))).collect(),
            diff_ids: layers.iter().map(|layer| Digest::of(layer).to_string()).collect(),
            architecture: native(),
            config: json!({"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]}),
        }
    }

    /// Stores the configuration and the manifest of an image, and returns the descriptor of the latter.
    pub(crate) fn manifest(&self, image: &Image) -> Value {
        let config = json!({
            "architecture": image.architecture, "os": "linux", "config": image.config,
            "rootfs": {"type": "layers", "diff_ids": image.diff_ids},
        });
        let config = self.blob(CONFIG, config.to_string().as_bytes());
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": image.layers});
        self.blob(MANIFEST, manifest.to_string().as_bytes())
    }

    /// Names something in the layout's own index.
    pub(crate) fn name(&mut self, name: Option<&str>, mut descriptor: Value) -> &mut Self {
        if let Some(name) = name {
            descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        }
        self.manifests.push(descriptor);
        let index = json!({"schemaVersion": 2, "manifests": self.manifests});
        fs::write(self.path.join("index.json"), index.to_string()).unwrap();
        self
    }

    /// Stores an index of manifests.
    pub(crate) fn index(&self, manifests: &[Value]) -> Value {
        self.blob(INDEX, json!({"schemaVersion": 2, "manifests": manifests}).to_string().as_bytes())
    }
}

impl Image {
    /// Changes what the manifest says about a layer.
    pub(crate) fn layer(mut self, number: usize, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.layers[number]);
        self
    }

    /// Changes what the configuration says about the plain layers.
    pub(crate) fn diff_ids(mut self, change: impl FnOnce(&mut Vec<String>)) -> Self {
        change(&mut self.diff_ids);
        self
    }
}

/// The architecture of this machine in the words of Go.
pub(crate) fn native() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

/// A layout with one image.
pub(crate) fn of_layers(dir: &Path, layers: &[Vec<u8>]) -> Layout {
    let mut layout = Layout::new(dir.join("layout"));
    let manifest = layout.manifest(&layout.image(layers));
    layout.name(None, manifest);
    layout
}
