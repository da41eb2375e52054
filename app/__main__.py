"""`python -m app`: the same program as `trayecto`."""

from app.cli.main import main

if __name__ == "__main__":
    main()
