"""Files and papers that go out."""
