//! What people run still runs: services of Debian under the defaults, package tools, a launch in a launch.

use crate::support::Launch;
use crate::support::everyone;
use crate::support::needs::{Need, needs};
use crate::support::place::{self, Root};
use crate::support::runner::tests;
use std::time::Duration;

tests![packages_can_be_installed_with_the_default_capabilities, podmans_own_profile_is_a_filter, launch_runs_in_launch,];

/// dpkg(1) unpacks, sets owners and modes, and runs maintainer scripts, in an overlay.
fn packages_can_be_installed_with_the_default_capabilities() {
    needs(&[Need::Rootfs(Root::Debian)]);
    let script = "set -e; mkdir -p /tmp/p/DEBIAN /tmp/p/usr/bin /tmp/p/var/lib/thing; cd /tmp; printf 'Package: thing\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b.c>\\nDescription: d\\n' >p/DEBIAN/control; printf '#!/bin/sh\\nset -e\\nchown daemon:adm /var/lib/thing\\nchmod 2750 /var/lib/thing\\n' >p/DEBIAN/postinst; chmod 755 p/DEBIAN/postinst; printf '#!/bin/sh\\necho it works\\n' >p/usr/bin/thing; chmod 4755 p/usr/bin/thing; dpkg-deb --root-owner-group -b p thing.deb >/dev/null; dpkg -i thing.deb >/dev/null; thing; stat -c %U:%G:%a /var/lib/thing; apt-get --version | head -c 3";
    let toml = format!(
        "command = \"/bin/sh\"\nargs = [\"-c\", '''{script}''']\n[rootfs]\npath = \"{{debian}}\"\nmode = \"overlay\"\noverlay_size = \"256MiB\"\n[security]\ncapabilities = [\"@default\"]\n"
    );
    let outcome = Launch::new(&toml).timeout(Duration::from_secs(60)).run().exit(0);
    outcome.stdout("it works\ndaemon:adm:2750\napt");
}

fn podmans_own_profile_is_a_filter() {
    let profile = "/usr/share/containers/seccomp.json";
    needs(&[Need::Tool("skopeo")]);
    assert!(std::path::Path::new(profile).exists(), "{profile} comes with golang-github-containers-common");
    let more = format!("[security]\nseccomp = \"{profile}\"");
    for by in everyone() {
        let tried = super::run_attack("calls", &[], &more).by(*by).run().exit(0);
        for call in ["bpf", "kexec_load", "init_module", "open_by_handle_at", "swapon", "reboot", "perf_event_open"] {
            tried.check(!tried.out().contains(call), call);
        }
        Launch::sh_with("ls / >/dev/null && echo runs; grep Seccomp: /proc/self/status", &more)
            .by(*by)
            .run()
            .exit(0)
            .stdout("runs\nSeccomp:\t2\n");
    }
}

/// The outer one allows it by one key, and shows its /proc as it is: the kernel gives a fresh one to nobody who sees less.
fn launch_runs_in_launch() {
    let inner = "rootfs = \"/bottom\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"id -u; echo inside; exit 7\"]\nlimits.pids = 20\ncgroup.manager = \"none\"\n";
    let inner = inner.replace("limits.pids = 20\n", "");
    let outer = format!(
        "rootfs = \"{{busybox}}\"\ncommand = \"/mnt/launch\"\nargs = [\"/run/container.toml\"]\n[security]\nnested_userns = true\nmasked_paths = []\nreadonly_paths = []\ncapabilities = [\"@default\", \"CAP_SYS_ADMIN\"]\n[[mounts]]\ntarget = \"/bottom\"\nsource = \"{{busybox}}\"\n[[mounts]]\ntarget = \"/run/container.toml\"\ntype = \"file\"\ncontent = '''{inner}'''\n[[mounts]]\ntarget = \"/mnt/launch\"\nsource = \"{}\"\n",
        place::binary().display()
    );
    for by in everyone() {
        Launch::new(&outer).by(*by).run().exit(7).stdout("0\ninside\n");
    }
}
