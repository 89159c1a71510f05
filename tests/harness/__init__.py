"""What tries to break the library: generated cases, faults at every step, lives, loads, files.

``make harness`` runs all of it; a short seeded share runs with the tests. A part is a module with

- ``NAME``: its row in the table,
- ``CAP``: seconds that a case may take,
- ``MEMORY``: bytes that a worker may grow by, or None,
- ``batches(size)``: keys of its batches, which JSON can hold; 1.0 is the whole run,
- ``run(key, say)``: runs the cases of a batch. For each it calls ``say.begin(reproduction)``, with
  Python that repeats the case, and ``say.end(outcome, is_right, detail)``.
"""
