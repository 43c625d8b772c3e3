"""`python -m wanreel` is the `wanreel` command."""

from wanreel.cli.main import main

if __name__ == "__main__":
    main()
