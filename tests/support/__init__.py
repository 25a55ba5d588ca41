"""What the tests are written with: packages, programs, requests, uploads, clients."""
