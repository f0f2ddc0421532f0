"""`python -m sigfix`."""

from sigfix.cli import main

if __name__ == "__main__":
    main()
