use my_plugins as _;

fn main() -> std::process::ExitCode {
    rally::cli::main()
}
