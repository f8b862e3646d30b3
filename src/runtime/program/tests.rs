//! Any file, on any host: it is read, planned and compiled without a panic, and what is compiled is whole.

use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Prepared, compile};
use crate::config::{Config, Sources, parse};
use crate::diagnostics::{Diagnostics, decode, read, syntax};
use crate::plan::host::{CgroupFacts, CgroupVersion, ControllerFact, HostEntry, PathFact, RootFacts, TargetFact};
use crate::plan::{Host, Invocation, Namespace, Questions, lower_with_warnings};
use crate::runtime::op::Op;

/// Keys of a table with values for each: the first is right by itself, the others may be or not.
type Keys = &'static [(&'static str, &'static [&'static str])];

const TOP: Keys = &[
    ("name", &["\"box\"", "\"\"", "\"a/b\"", "7"]),
    ("command", &["\"/bin/sh\"", "\"sh\"", "\"\"", "\"a\\u0000b\"", "\"./x/\""]),
    ("args", &["[\"-c\", \"true\"]", "[]", "[\"a\\u0000\"]", "[[]]"]),
    ("cwd", &["\"/tmp\"", "\"tmp\"", "\"\"", "\"/../..\""]),
    ("hostname", &["\"box\"", "\"\"", "\"0123456789012345678901234567890123456789012345678901234567890123456789\""]),
    ("domainname", &["\"example\"", "\"\""]),
    (
        "user",
        &["\"0\"", "\"1000:1000\"", "\"user:staff\"", "\"nobody\"", "\":\"", "\"4294967295\"", "\"-1\"", "\"1:2:3\""],
    ),
    ("groups", &["[0]", "[\"staff\", 7]", "[-1]", "[4294967296]", "[\"\"]"]),
    ("umask", &["\"0027\"", "\"9\"", "\"\"", "\"77777777777777777777\""]),
    ("env", &["{ A = \"b\" }", "{ PATH = false }", "{ \"\" = \"\" }", "{ \"A=B\" = \"\\u0000\" }", "{ A = 1 }"]),
    ("env_pass", &["[\"LANG\"]", "[\"*\"]", "[\"[\"]", "[\"\"]"]),
    ("env_file", &["[]", "[\"x.env\"]", "[\"/\"]"]),
    (
        "rootfs",
        &[
            "\"root\"",
            "{ host = true }",
            "{ path = \"root\", mode = \"overlay\", overlay_size = \"1M\" }",
            "{ path = \"root\", mode = \"readwrite\" }",
            "\"\"",
            "\"/\"",
            "{}",
            "{ host = true, path = \"x\" }",
        ],
    ),
    ("devices", &["[]", "[{ path = \"/dev/null\" }]", "[{ path = \"x\", access = \"q\" }, {}]"]),
    (
        "sysctl",
        &[
            "{}",
            "{ \"net.ipv4.ip_forward\" = 1 }",
            "{ \"kernel.sem\" = \"1 2\", \"..\" = 0 }",
            "{ \"vm.swappiness\" = 1 }",
        ],
    ),
];

const TABLES: &[(&str, Keys)] = &[
    (
        "namespaces",
        &[
            ("pid", &["\"private\"", "\"host\"", "\"path:/proc/1/ns/pid\"", "\"path:\""]),
            ("ipc", &["\"private\"", "\"host\"", "\"x\""]),
            ("uts", &["\"private\"", "\"host\"", "\"path:/x\""]),
            ("cgroup", &["\"private\"", "\"host\""]),
            ("mount", &["\"private\"", "\"host\""]),
            ("time", &["\"private\"", "\"host\""]),
            (
                "time_offsets",
                &["{ boottime = 1 }", "{ monotonic = -9223372036854775808, boottime = 9223372036854775807 }"],
            ),
        ],
    ),
    (
        "userns",
        &[
            ("mode", &["\"auto\"", "\"single\"", "\"keep-id\"", "\"host\""]),
            (
                "uid_map",
                &[
                    "[{ container = 0, host = 100000, size = 10 }]",
                    "[{ container = 0, host = 4294967295, size = 4294967295 }]",
                    "[{ size = 0 }, {}]",
                    "[{ container = 0, host = 0 }, { container = 0, host = 0 }]",
                ],
            ),
            ("gid_map", &["[{ container = 0, host = 100000, size = 10 }]", "[{ container = 1, host = 1000 }]"]),
        ],
    ),
    ("network", &[("mode", &["\"none\"", "\"host\"", "\"path:/x\"", "\"pasta\"", "\"\""])]),
    (
        "limits",
        &[
            ("pids", &["10", "0", "-1", "9223372036854775807"]),
            (
                "memory",
                &["\"64MiB\"", "\"50MB\"", "1", "\"18446744073709551615\"", "\"99999999999T\"", "\"1.5.5M\"", "-1"],
            ),
            ("swap", &["0", "\"1G\"", "18446744073709551615"]),
            ("memory_high", &["\"32MiB\"", "\"1T\""]),
            ("memory_low", &["\"16MiB\"", "0"]),
            ("cpus", &["1.5", "0.0", "nan", "inf", "-1.0", "1e300", "0.00001"]),
            ("cpu_weight", &["100", "0", "10001"]),
            ("cpuset", &["\"0\"", "\"0-99999999999\"", "\"3-1\"", "\",\""]),
            ("cpuset_mems", &["\"0\"", "\"-\""]),
            ("oom_group", &["true", "false"]),
            ("io", &["[]", "[{ device = \"/dev/vda\", rbps = \"1M\" }]", "[{}]"]),
            ("hugetlb", &["{}", "{ \"2MB\" = \"4MiB\" }"]),
            ("unified", &["{}", "{ \"memory.max\" = \"max\" }", "{ \"../x\" = 1 }"]),
        ],
    ),
    (
        "cgroup",
        &[
            ("manager", &["\"auto\"", "\"cgroupfs\"", "\"systemd\"", "\"none\""]),
            ("parent", &["\"/batch\"", "\"batch.slice\"", "\"..\"", "\"\""]),
            ("delegate", &["false", "true"]),
        ],
    ),
    (
        "rlimits",
        &[
            ("nofile", &["64", "\"unlimited\"", "{ soft = 2, hard = 1 }", "{}", "-1", "18446744073709551615"]),
            ("core", &["0", "\"1G\""]),
            ("as", &["\"1GiB\"", "\"x\""]),
        ],
    ),
    (
        "security",
        &[
            ("capabilities", &["[]", "[\"@default\"]", "[\"CAP_CHOWN\"]", "[\"chown\", \"all\", \"\"]"]),
            ("ambient", &["[]", "[\"CAP_CHOWN\"]"]),
            ("no_new_privs", &["true", "false"]),
            ("seccomp", &["\"default\"", "\"unconfined\"", "\"profile.json\""]),
            ("masked_paths", &["[]", "[\"/proc/keys\"]", "[\"x\"]"]),
            ("readonly_paths", &["[]", "[\"/proc/sys\"]", "[\"\"]"]),
            ("nested_userns", &["false", "true"]),
            ("keyring", &["\"private\"", "\"host\""]),
            ("apparmor", &["\"profile\"", "\"\""]),
            ("selinux", &["\"label\"", "\"a\\u0000\""]),
            ("oom_score_adj", &["0", "1000", "-1000", "1001"]),
        ],
    ),
    (
        "seccomp",
        &[
            ("allow", &["[]", "[\"ptrace\"]", "[\"@debug\", \"open\"]", "[\"\"]"]),
            ("deny", &["[]", "[\"read\"]"]),
            ("errno", &["\"EPERM\"", "1", "-1", "\"EX\"", "99999"]),
            ("log", &["[]", "[\"mount\"]"]),
        ],
    ),
    (
        "landlock",
        &[
            ("read", &["[\"/\"]", "[\"x\"]"]),
            ("write", &["[\"/tmp\"]", "[]"]),
            ("exec", &["[\"/\"]", "[\"\"]"]),
            ("tcp_bind", &["[80]", "[]"]),
        ],
    ),
    (
        "stdio",
        &[
            ("tty", &["false", "\"auto\"", "true"]),
            ("stdin", &["\"null\"", "\"file:x\"", "\"\""]),
            ("stdout", &["\"inherit\"", "\"file:\"", "\"null\""]),
            ("stderr", &["\"inherit\"", "\"x\""]),
        ],
    ),
    (
        "lifecycle",
        &[
            ("timeout", &["\"10s\"", "\"1h30m\"", "0", "\"99999999999999999999h\"", "-1"]),
            ("stop_signal", &["\"SIGTERM\"", "\"INT\"", "\"SIGX\"", "\"\""]),
            ("stop_timeout", &["\"1s\"", "\"\""]),
            ("init", &["true", "false"]),
            ("forward_signals", &["true", "false"]),
            ("die_with_parent", &["true", "false"]),
        ],
    ),
    ("requires", &[("kernel", &["\"5.14\"", "\"99\"", "\"x\""]), ("cgroup", &["\"v2\"", "\"\""])]),
];

const MOUNT: Keys = &[
    ("target", &["\"/mnt\"", "\"/a/b/c\"", "\"/proc\"", "\"/\"", "\"x\"", "\"/..\"", "\"/dev/shm\"", "\"\""]),
    (
        "type",
        &[
            "\"bind\"",
            "\"tmpfs\"",
            "\"overlay\"",
            "\"proc\"",
            "\"sysfs\"",
            "\"devpts\"",
            "\"mqueue\"",
            "\"cgroup\"",
            "\"file\"",
            "\"symlink\"",
            "\"dir\"",
        ],
    ),
    ("source", &["\"data\"", "\"/\"", "\"\"", "\"a\\u0000\""]),
    ("readonly", &["true", "false"]),
    ("recursive", &["true", "false"]),
    ("noexec", &["true", "false"]),
    ("propagation", &["\"private\"", "\"shared\"", "\"slave\""]),
    ("optional", &["true", "false"]),
    ("create", &["true", "false"]),
    ("size", &["\"1M\"", "0", "\"99999T\""]),
    ("mode", &["\"0755\"", "\"99\"", "\"77777\""]),
    ("content", &["\"text\"", "\"\"", "\"\\u0000\""]),
    ("lower", &["[\"data\"]", "[\"a:b\", \"c\"]", "[]"]),
    ("upper", &["\"data\"", "\"\""]),
    ("work", &["\"data\""]),
    ("idmap", &["false", "true"]),
];

/// A source of choices that never ends.
struct Choices<'a> {
    seeds: &'a [u16],
    next: usize,
}

impl Choices<'_> {
    fn take(&mut self, count: usize) -> usize {
        let seed = self.seeds[self.next % self.seeds.len()] as usize;
        // The second time around is another row of choices.
        let row = self.next / self.seeds.len();
        self.next += 1;
        (seed + row * 7919) % count
    }

    fn one<'t, T: ?Sized>(&mut self, list: &[&'t T]) -> &'t T {
        list[self.take(list.len())]
    }

    /// Writes some of the keys, mostly with their first values.
    fn keys(&mut self, keys: Keys, rare: usize) -> String {
        let mut text = String::new();
        for (key, values) in keys {
            if self.take(rare) == 0 {
                let value = if self.take(16) < 15 { values[self.take(2) % values.len()] } else { self.one(values) };
                text += &format!("{key} = {value}\n");
            }
        }
        text
    }

    fn file(&mut self) -> String {
        let rare = [1, 4, 16, 64][self.take(4)];
        let mut text = "command = \"/bin/sh\"\nrootfs = \"root\"\n".to_owned();
        if self.take(2) == 0 {
            text = self.keys(TOP, rare.min(4));
        }
        for (table, keys) in TABLES {
            // Few tables at once: each that is wrong keeps the others from coming to a plan.
            if self.take(4) == 0 {
                text += &format!("[{table}]\n{}", self.keys(keys, rare));
            }
        }
        for number in 0..self.take(4) {
            let kind = self.one(&[
                "bind", "tmpfs", "overlay", "proc", "sysfs", "devpts", "mqueue", "cgroup", "file", "symlink", "dir",
            ]);
            text += &match self.take(8) {
                0 => format!("[[mounts]]\n{}", self.keys(MOUNT, 2)),
                _ => format!("[[mounts]]\ntarget = \"/opt/{number}\"\ntype = \"{kind}\"\n{}", own_keys(kind)),
            };
        }
        text
    }

    #[allow(clippy::needless_update, reason = "facts that are added later are not this test's")]
    fn host(&mut self, questions: &Questions) -> Host {
        let uid = [0, 1000, u32::MAX - 1][self.take(3)];
        let ranges: [&[(u32, u32)]; 4] = [&[(100_000, 65536)], &[], &[(0, 0)], &[(u32::MAX, u32::MAX), (1, 1)]];
        let fact = |choices: &mut Self| {
            let facts = [
                PathFact::Directory,
                PathFact::File,
                PathFact::CharDevice(1, 3),
                PathFact::Missing,
                PathFact::Unreadable("x".to_owned()),
            ];
            facts[if choices.take(8) == 0 { choices.take(5) } else { 0 }].clone()
        };
        Host {
            kernel: [(6, 18), (5, 14), (4, 4)][self.take(3)],
            machine: "x86_64".to_owned(),
            uid,
            gid: uid,
            capabilities: [u64::MAX, 0][self.take(2)],
            last_capability: 40,
            cgroup: self.cgroup(),
            subuid: ranges[self.take(4)].to_vec(),
            subgid: ranges[self.take(4)].to_vec(),
            newidmap: (self.take(2) == 0)
                .then(|| (PathBuf::from("/usr/bin/newuidmap"), PathBuf::from("/usr/bin/newgidmap"))),
            free_range: (uid == 0 && self.take(4) > 0).then_some(524_288),
            env: vec![
                ("LANG".into(), "C".into()),
                ("ODD".into(), std::os::unix::ffi::OsStringExt::from_vec(vec![0xff])),
            ],
            rlimits: [vec![u64::MAX; 16], vec![0; 16], Vec::new()][self.take(3)].clone(),
            landlock_abi: u32::try_from(self.take(8)).unwrap(),
            processors: 2,
            paths: questions.paths.iter().map(|path| (path.clone(), fact(self))).collect(),
            texts: questions
                .texts
                .iter()
                .map(|path| (path.clone(), Ok(self.one(&["A=b\n", "{}", "", "=\n\u{0}"]).to_owned())))
                .collect(),
            root: RootFacts {
                targets: questions
                    .targets
                    .iter()
                    .map(|target| (target.clone(), TargetFact { resolved: target.clone(), kind: fact(self) }))
                    .collect(),
                passwd: Some("root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n::::\n".to_owned()),
                group: Some("root:x:0:\nstaff:x:50:user\n:".to_owned()),
                host_entries: vec![
                    HostEntry::Directory("/usr".to_owned()),
                    HostEntry::Symlink("/bin".to_owned(), "usr/bin".to_owned()),
                    HostEntry::File("/etc/hosts".to_owned()),
                ],
            },
            ..Host::default()
        }
    }

    #[allow(clippy::needless_update, reason = "facts that are added later are not this test's")]
    fn cgroup(&mut self) -> CgroupFacts {
        let version = [CgroupVersion::V2, CgroupVersion::Hybrid, CgroupVersion::V1, CgroupVersion::None][self.take(4)];
        let writable = self.take(4) > 0;
        let all = if version == CgroupVersion::None { 0 } else { 7 };
        let names = ["pids", "memory", "cpu", "cpuset", "io", "hugetlb", "blkio"].into_iter().take(all);
        CgroupFacts {
            version,
            controllers: names
                .map(|name| {
                    (
                        name.to_owned(),
                        ControllerFact { own: PathBuf::from("/sys/fs/cgroup"), writable, ..ControllerFact::default() },
                    )
                })
                .collect(),
            unified: Some(PathBuf::from("/sys/fs/cgroup")),
            systemd: self.take(2) == 0,
            swap: self.take(2) == 0,
            ..CgroupFacts::default()
        }
    }
}

/// What a mount of a type has to have.
fn own_keys(kind: &str) -> &'static str {
    match kind {
        "bind" | "symlink" => "source = \"data\"\n",
        "overlay" => "lower = [\"data\"]\n",
        "file" => "content = \"text\"\n",
        _ => "",
    }
}

/// Reads a file as `launch` does.
fn config(bytes: Vec<u8>) -> Result<(Config, Diagnostics), ()> {
    let mut problems = Diagnostics::default();
    let mut sources = Sources::default();
    let id = sources.add("container.toml", decode(bytes).map_err(drop)?);
    let (tree, errors) = parse(&sources, id);
    syntax(&errors, &sources, &mut problems);
    Ok((read(&tree, &mut problems), problems))
}

/// Plans and compiles; says whether there was a plan.
fn carry(config: &Config, choices: &mut Choices<'_>) -> bool {
    let questions = Questions::of(config, Path::new("/base"));
    let host = choices.host(&questions);
    let invocation = Invocation { default_name: "box".to_owned(), base: "/base".into(), ..Invocation::default() };
    let (plan, problems) = lower_with_warnings(config, &host, &invocation);
    let Some(plan) = plan else {
        assert!(problems.has_errors(), "neither a plan nor a mistake");
        return false;
    };
    assert!(plan.steps.windows(2).all(|pair| pair[0].phase <= pair[1].phase), "steps out of order");
    serde_json::to_string(&plan).unwrap();
    assert!(plan.steps.iter().all(|step| !step.action.to_string().is_empty()));
    let prepared = Prepared {
        parent_opens: host.uid == 0 && plan.has_new(Namespace::User),
        last_capability: host.last_capability,
        ..Prepared::default()
    };
    let program = compile(&plan, &prepared);
    assert!(matches!(program.ops().last(), Some(Op::Exec { .. })), "the last operation is the command");
    assert!(program.setup_len() < program.ops().len());
    for number in 0..program.ops().len() {
        assert!(program.step_of(number).is_some_and(|step| step < plan.steps.len()), "an operation without a step");
        assert!(!program.ops()[number].to_string().is_empty());
    }
    true
}

fn choices() -> impl Strategy<Value = Vec<u16>> {
    vec(any::<u16>(), 64..256)
}

#[test]
fn any_file_is_read_planned_and_compiled() {
    let (mut plans, mut files) = (0, 0);
    let config_of_runs = ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config_of_runs);
    let counted = std::cell::RefCell::new((&mut plans, &mut files));
    runner
        .run(&choices(), |seeds| {
            let mut choices = Choices { seeds: &seeds, next: 0 };
            let text = choices.file();
            let (config, _) = config(text.into_bytes()).expect("the text is UTF-8");
            let planned = carry(&config, &mut choices);
            let mut counted = counted.borrow_mut();
            *counted.0 += u32::from(planned);
            *counted.1 += 1;
            Ok(())
        })
        .unwrap();
    assert!(plans * 20 > files, "only {plans} of {files} files came to a plan: this tests nothing");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..400), seeds in choices()) {
        if let Ok((config, _)) = config(bytes) {
            carry(&config, &mut Choices { seeds: &seeds, next: 0 });
        }
    }

    #[test]
    fn a_damaged_file_is_answered(seeds in choices(), at in any::<usize>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut choices = Choices { seeds: &seeds, next: 0 };
        let mut bytes = choices.file().into_bytes();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok((config, _)) = config(bytes) {
            carry(&config, &mut choices);
        }
    }
}
