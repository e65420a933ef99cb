//! The program `rally`.

fn main() -> std::process::ExitCode {
    rally::cli::main()
}
