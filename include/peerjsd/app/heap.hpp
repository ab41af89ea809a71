#pragma once

namespace peerjsd::app {

/// Lets the allocator keep a few MiB that are free: what waits to be written comes and goes with
/// every turn of the event loop, and to ask the system for it each time doubles what a relayed
/// message costs. To be called before there are threads. Does nothing without glibc.
void keep_some_free_memory();

/// Gives memory that is free anywhere in the heap back to the system; takes time in proportion to
/// the heap. Does nothing without glibc.
void return_free_memory();

}  // namespace peerjsd::app
