"""What the tests of one API share: requests, refusals, and the API of one service by itself."""
