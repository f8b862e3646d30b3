//! Real programs in a real distribution: an interpreter, a compiler, servers with a client over the loopback.

use crate::support::runner::tests;
use crate::support::{Launch, everyone};
use std::time::Duration;

tests![python_runs, a_compiler_compiles, redis_answers, nginx_answers, postgresql_answers];

fn debian(script: &str, more: &str) -> Launch {
    Launch::new(&format!("command = \"/bin/bash\"\nargs = [\"-c\", '''{script}''']\n{more}"))
        .timeout(Duration::from_secs(120))
}

const ROOT: &str = "rootfs = \"{debian}\"\n";
const WRITABLE: &str = "rootfs = { path = \"{debian}\", mode = \"overlay\", overlay_size = \"512MiB\" }\n";

fn python_runs() {
    for &by in everyone() {
        let script =
            "python3 -c \"import os, socket, threading; print(os.getpid() > 0, socket.gethostname(), os.getuid())\"";
        debian(script, ROOT).by(by).run().exit(0).stdout("True container 0\n").quiet();
    }
}

fn a_compiler_compiles() {
    for &by in everyone() {
        let script = "cd /tmp; printf \"#include <stdio.h>\\nint main(void){puts(\\\"compiled\\\");return 9;}\\n\" >a.c && gcc -O1 -o a a.c && ./a";
        debian(script, ROOT).by(by).run().exit(9).stdout("compiled\n").quiet();
    }
}

fn redis_answers() {
    for &by in everyone() {
        let script = "redis-server --port 6379 --save \"\" --dir /tmp --daemonize no >/tmp/log 2>&1 &
            for n in $(seq 100); do redis-cli ping >/dev/null 2>&1 && break; sleep 0.1; done
            redis-cli set key value; redis-cli get key; redis-cli shutdown nosave; wait";
        debian(script, ROOT).by(by).run().exit(0).stdout("OK\nvalue\n").quiet();
    }
}

fn nginx_answers() {
    for &by in everyone() {
        let script = "printf \"events {} http { access_log off; client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s; server { listen 127.0.0.1:8080; location / { return 200 hello; } } }\" >/tmp/nginx.conf
            nginx -c /tmp/nginx.conf -e /tmp/error.log -g \"daemon off; pid /tmp/pid; user root;\" & server=$!
            for n in $(seq 100); do (echo >/dev/tcp/127.0.0.1/8080) 2>/dev/null && break; sleep 0.1; done
            exec 3<>/dev/tcp/127.0.0.1/8080; printf \"GET / HTTP/1.0\\r\\n\\r\\n\" >&3; tail -n 1 <&3; echo
            kill $server; wait";
        debian(script, ROOT).by(by).run().exit(0).stdout("hello\n").quiet();
    }
}

fn postgresql_answers() {
    crate::support::needs(&[crate::support::Need::Root]);
    let script = "bin=$(echo /usr/lib/postgresql/*/bin); cd /tmp
        $bin/initdb -D /tmp/db -A trust >/dev/null && $bin/pg_ctl -D /tmp/db -o \"-k /tmp\" -w -l /tmp/log start >/dev/null &&
        psql -h /tmp -At -c \"select 6 * 7\" postgres && $bin/pg_ctl -D /tmp/db -w stop >/dev/null";
    let more = format!("user = \"postgres\"\n{WRITABLE}");
    debian(script, &more).run().exit(0).stdout("42\n").quiet();
}
