/* SPDX-License-Identifier: MIT
 * gap.h - nothing of a moved row stays behind in a page of the database.
 *
 * A leaf page of a b-tree has a gap between its list of cells and the cells. Where SQLite lays a
 * page out anew, because a row grew or shrank, the old bytes of the rows beside it stay in that
 * gap, also with secure_delete, and no later redaction of these rows comes there. So the gap is
 * zeros in what a connection of ours writes into the file of the database. A WAL is left as it
 * is: its frames have checksums, and it is cut when rows have been redacted.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  those of the write.
 * See:     https://www.sqlite.org/fileformat2.html#b_tree_pages; db.h, who calls this. */
#ifndef STORE_GAP_H
#define STORE_GAP_H

#include "store/db_value.h"

/* From now on, in what is written to `file`, the open file of a database; nothing is where that has
 * none, as in memory. */
void gap_watch(sqlite3_file *file);

#endif
