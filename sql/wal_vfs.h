// SPDX-License-Identifier: Apache-2.0
//
// SQLite appends to its write-ahead log page by page, with two system calls for each: a frame's head, and the page.
// This layer over the system's file interface (a VFS, https://sqlite.org/vfs.html) gathers what is appended and writes
// it when the frame comes that ends the transaction, in one call. Nothing is later than SQLite believes: before
// anything is read, synced, measured or cut, and before the end of a transaction is reported, all is written.
#pragma once

namespace redipy::sql {

/// The name under which the VFS is registered, once per process. Threads: any.
const char* wal_vfs();

}  // namespace redipy::sql
