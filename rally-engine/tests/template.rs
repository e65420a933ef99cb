//! Templates in, texts or problems out.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use rally_core::Problem;
use rally_engine::template::{Args, render};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template/files")
}

fn told(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut told, problem| {
        writeln!(told, "! {problem}").unwrap();
        told
    })
}

/// The text or the problems, in a folder and with arguments as a command line gives them.
fn answer(text: &str, args: &str) -> String {
    match render(text, Some(&folder()), &Args::parse(args).unwrap()) {
        Ok(rendered) => format!("{}\n{}", rendered.text, told(&rendered.warnings)),
        Err(problems) => told(&problems),
    }
}

fn table(cases: &[(&str, &str)]) -> String {
    cases.iter().fold(String::new(), |mut table, (text, args)| {
        writeln!(table, "--- {text}\n    {args}\n{}", answer(text, args)).unwrap();
        table
    })
}

macro_rules! snapshot {
    ($name:literal, $told:expr) => {
        insta::with_settings!({ snapshot_path => "template/snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $told);
        });
    };
}

#[test]
fn templates_do_what_users_of_rally_expect() {
    snapshot!(
        "rendered",
        table(&[
            ("plain: {a: 1}", ""),
            (
                "{% set times = times or 3 %}\n---\n{% for s in range(2) %}- {{ s }}: {{ times }}\n{% endfor %}",
                ""
            ),
            (
                "{{ min(1, 2) }} {{ max(1, 2.5) }} {{ min([3, 2]) }} {{ ceil(1.2) }} {{ round(2.5) }} {{ round(3.5) }} {{ round(-0.5) }}",
                ""
            ),
            (
                "{{ a.items() | list }} {{ b.split(',') }} {{ b.upper() }} {{ 'x{}'.format(1) }} {{ b.startswith('p') }}",
                "{a: {x: 1}, b: 'p,q'}"
            ),
            (
                "{{ map }} {{ list }} {{ none }} {{ yes }} {{ 1.0 }} {{ [none, true, 'it''s'] }}",
                "{'map': {'a': [1, None]}, 'list': [True, 'a'], 'none': None, 'yes': True}"
            ),
            ("{{ \"<a> & 'b'\" }} {{ x | tojson }}", "{x: {a: b}}"),
            ("{{ 7 // 2 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 'a' ~ 1 }} {{ 7 % 2 }} {{ 'a' in 'cat' }}", ""),
            (
                "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 3 %}{% break %}{% endif %}{{ i }}{{ loop.index }}{% endfor %}",
                ""
            ),
            ("{% raw %}{{ kept }}{% endraw %}{# gone {{ x }} #}\n", ""),
            ("{% include 'part.yaml' %}", "size=1,name=x"),
            ("{% set size = 5 %}{% for name in ['x', 'y'] %}{% include 'part.yaml' %};{% endfor %}", ""),
            ("{% set unit = 's' %}{% import 'below/macros.yaml' as m %}{{ m.load(3) }}", ""),
            (
                "{% from 'below/macros.yaml' import load as l with context %}{{ l(3, concurrency=n) }}",
                "n=4,unit=h"
            ),
            ("{% extends 'parent.yaml' %}{% block a %}child, {{ super() }}{% endblock %}", "deep=1"),
            ("{% include 'nowhere.yaml' ignore missing %}rest", ""),
            (
                "{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
                ""
            ),
            ("{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ dict(a=1) }}", ""),
            ("{{ 1234567 | filesizeformat }} {{ 'a b' | title }} {{ [3, 1] | sort | join('-') }}", ""),
        ])
    );
}

#[test]
fn what_is_missing_is_told_at_once_and_nothing_else_is() {
    snapshot!(
        "missing",
        table(&[
            (
                "{{ a }}\n{{ b.c }}\n{% if d %}{{ e }}{% endif %}{% for i in f %}{{ g }}{% endfor %}{{ i }}",
                ""
            ),
            ("{{ id }} {{ type }} {{ input }}", ""),
            (
                "{{ a | default(b) }} {{ c | d }} {{ e or 1 }} {{ f if f else 2 }}{% if g is defined %}{{ g }}{% endif %}{% if h is not none %}{% endif %}",
                ""
            ),
            (
                "{% set a = a or 1 %}{% set b %}x{% endset %}{% if true %}{% set c = 1 %}{% endif %}{{ a }}{{ b }}{{ c }}",
                ""
            ),
            (
                "{% macro m(a, b=c) %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}{% call m(1) %}{% endcall %}{% with d = 1 %}{{ d }}{% endwith %}",
                ""
            ),
            ("{{ f(x=1) }} {{ m.times }} {{ 'a' | replace('a', z) }}", "m=1"),
            ("{% include 'part.yaml' %}{{ other }}", "nam=1"),
            ("{% extends 'parent.yaml' %}", ""),
            ("{% import 'below/macros.yaml' as m %}{{ m.load(3) }}", ""),
            ("{% include file %}", ""),
            ("{{ times }}", "tims=1,sleep=2"),
            ("{{ times | default(1) }}", "tims=1,sleep=2"),
            ("no tags", "times=1"),
        ])
    );
}

#[test]
fn what_cannot_be_rendered_is_told_with_its_line() {
    snapshot!(
        "unrendered",
        table(&[
            ("a: 1\nb: {{ 1 + }}\n", ""),
            ("a: 1\n{% for i in x %}\n", ""),
            ("{{ 'a' | nofilter }}", ""),
            ("{{ nothing() }}", "nothing=1"),
            ("a\n{{ 1 + 'a' }}", ""),
            ("{{ 1 / 0 }} {{ ceil('a') }}", ""),
            ("{{ round(1e300) }}", ""),
            ("{% include 'nowhere.yaml' %}", ""),
            ("{% include 'broken.yaml' %}", ""),
            ("{% include '../template.rs' %}", ""),
            ("{% include '/etc/passwd' %}", ""),
            ("{% include 'below' %}", ""),
            ("{% include 'itself.yaml' %}", ""),
            ("{{ a.b.c }}", "{a: {}}"),
        ])
    );
    let alone = render("{% include 'part.yaml' %}", None, &Args::new()).unwrap_err();
    assert!(told(&alone).contains("this text is in no folder"), "{}", told(&alone));
}

#[test]
fn templates_that_run_on_or_write_too_much_are_stopped() {
    for (text, said) in [
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "runs on or makes too much",
        ),
        ("{% for a in range(2000) %}{{ 'x' * 9000 }}{% endfor %}", "more than 10 MB of text"),
        ("{{ 'x' * 900000000000 }}", "runs on or makes too much"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion limit"),
        (
            "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
            "runs on or makes too much",
        ),
        (
            "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x | length }}",
            "runs on or makes too much",
        ),
        ("{{ range(900000000) | list | length }}", "range has too many elements"),
    ] {
        let problems = render(text, None, &Args::new()).unwrap_err();
        assert!(told(&problems).contains(said), "{text}: {}", told(&problems));
    }
    let long = "x".repeat(10 * 1024 * 1024 + 1);
    assert!(told(&render(&long, None, &Args::new()).unwrap_err()).contains("more than 10 MB"));
    let nested = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(told(&render(&nested, None, &Args::new()).unwrap_err()).contains("cannot be read"));
}

#[test]
fn templates_cannot_fill_the_stack() {
    let chains = [
        ("{{ 1", "+1", " }}"),
        ("{{ a", ".b", " }}"),
        ("{{ a", "[0]", " }}"),
        ("{{ a", "()", " }}"),
        ("{{ 'a'", "|e", " }}"),
        ("{{ ", "not ", "1 }}"),
        ("{{ ", "-", "1 }}"),
        ("{{ ", "1 if true else ", "1 }}"),
        ("{{ 1", " is defined", " }}"),
        ("{{ max(1, 2", " and max(1, 2)", ") }}"),
        ("{% if true %}", "{% elif true %}", "{% endif %}"),
    ];
    for (head, link, tail) in chains {
        for (count, refused) in [(300, false), (20_000, true)] {
            let text = format!("{head}{}{tail}", link.repeat(count));
            let args = Args::new().with("a", serde_json::json!({}));
            let said = render(&text, None, &args).err().map(|problems| told(&problems)).unwrap_or_default();
            assert_eq!(said.contains("has more than 1000 parts"), refused, "{head}{link}…: {said}");
        }
    }
    for nest in ["{% if true %}", "{% for a in [1] %}", "{% macro a() %}", "{% set a %}"] {
        let end = format!("{{% end{} %}}", nest.split(' ').nth(1).unwrap());
        let text = format!("{}{}", nest.repeat(5_000), end.repeat(5_000));
        assert!(told(&render(&text, None, &Args::new()).unwrap_err()).contains("recursion limits"), "{nest}");
    }
    // As deep as the limits allow, and deeper.
    for rounds in [14_000, 99_000] {
        let (open, close) = ("[".repeat(20), "]".repeat(20));
        let text = format!(
            "{{% set n = namespace(x=1) %}}{{% for i in range({rounds}) %}}{{% set n.x = {open}n.x{close} %}}{{% endfor %}}"
        );
        assert_eq!(render(&text, None, &Args::new()).is_ok(), rounds == 14_000);
        let printed = format!("{text}{{{{ n.x }}}}").replace("14000", "10000");
        assert_eq!(render(&printed, None, &Args::new()).is_ok(), rounds == 14_000);
    }
}

#[test]
fn an_object_cannot_hold_itself() {
    snapshot!(
        "namespaces",
        table(&[
            (
                "{% set n = namespace(i=0) %}{% for i in range(3) %}{% set n.i = n.i + i %}{% endfor %}{{ n.i }}{{ n is defined }}",
                ""
            ),
            ("{%- set n = namespace(a={'b': [1]}, c=(2)) -%}{{ n.a }}", ""),
            ("{{ namespace }}", "namespace=kube"),
            ("{% set n = namespace() %}\n{% set n.x = n %}{{ n }}", ""),
            ("{% set n = namespace() %}{% set m = [n] %}", ""),
            ("{% set n = namespace() %}{% for m in [n] %}{% endfor %}", ""),
            ("{% set n = namespace() %}{{ f(n) }}", ""),
            ("{% set n = namespace(x=namespace()) %}", ""),
            ("{% set n = [namespace()] %}", ""),
            ("{% set n = namespace() or 1 %}", ""),
            ("{{ namespace() }}", ""),
            ("{% set m = namespace %}", ""),
            ("{% set n = namespace() %}{% include 'uses_n.yaml' %}", ""),
            ("{% set file = 'uses_n.yaml' %}{% set n = namespace() %}{% include file %}", ""),
            ("{% include 'makes_n.yaml' %}", ""),
            ("{% import 'makes_n.yaml' as m %}", ""),
        ])
    );
}

#[test]
fn arguments_are_read_as_people_type_them() {
    let mut said = String::new();
    for text in [
        "{\"a\": 1, \"b\": [true, null]}",
        "{a: 1, b: yes}",
        "a: 1",
        "{'a': True, 'b': False, 'c': None, 'd': ['x', None, 'None'], 'e': {'f': 1.5}}",
        "a=1,b=two words, c=x=y",
        "a=[1",
        "",
        "  ",
        "foo",
        "5",
        "null",
        "[1]",
        "a=1,b",
        "{a: 1",
        "a: 1\na: 2",
        "a=1,{b",
    ] {
        let parsed = Args::parse(text).map_or_else(
            |problems| told(&problems),
            |args| format!("{:?}\n", args.iter().collect::<Vec<_>>()),
        );
        write!(said, "--- {text}\n{parsed}").unwrap();
    }
    for text in ["", "# nothing\n", "a: 1", "foo", "a=1", "a: {b: None}"] {
        let parsed = Args::file(text).map_or_else(
            |problems| told(&problems),
            |args| format!("{:?}\n", args.iter().collect::<Vec<_>>()),
        );
        write!(said, "--- file: {text}\n{parsed}").unwrap();
    }
    snapshot!("arguments", said);
}
