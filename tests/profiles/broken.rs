//! Each broken profile beside what a person is told about it: what, where, what to do.

use super::read;
use crate::support::generated::assert_checked_in;

#[test]
fn each_broken_profile_is_told_in_full() {
    let folder = super::host("broken").cwd;
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".yaml")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() >= 30, "{} broken profiles", names.len());
    for name in &names {
        let problems = read("broken", &format!("{name}.yaml"), &[]).expect_err(name);
        let text = problems.render(false);
        let lines = text.lines().filter(|line| line.contains("-->"));
        for line in lines {
            let place = line.split("--> ").nth(1).unwrap();
            let (_, column) = place.rsplit_once(':').unwrap();
            assert!(column.parse::<usize>().is_ok(), "{line} has no column");
        }
        assert_checked_in(&format!("tests/profiles/broken/{name}.txt"), &text);
    }
    println!("broken profiles: {}", names.len());
}
