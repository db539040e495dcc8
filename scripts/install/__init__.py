"""What a checkout needs: system packages, virtual environment, browser assets."""
