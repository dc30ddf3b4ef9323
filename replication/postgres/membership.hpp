// What puts a table into a publication, and whether it is still there by the same means.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replication/postgres/connection.hpp"

namespace tailrace::replication {

// Column lists, row filters and schemas of publications.
inline constexpr std::uint32_t version_with_lists = 150000;

// SQL over pub, a row of pg_publication, and c, one of pg_class: UpstreamTable::memberships, separated by blanks.
std::string memberships_expression(std::uint32_t version);
std::vector<std::string> split_memberships(std::string_view text);

// By which transactions upstream's catalog was changed last, as it shows them. A change of a column's values by ALTER
// TABLE ... TYPE ... USING makes a new file, in the transaction that changed the column.
struct HeapState {
  Oid file = 0;                                            // pg_class.relfilenode
  std::string changed_by;                                  // the table's row in pg_class
  std::map<std::int16_t, std::string> columns_changed_by;  // by attribute number
};

// What upstream's catalog says of one table now, as far as the stream does not tell.
struct TableLook {
  bool sees_transaction = false;   // the one that was asked for is over, and what it did is seen
  std::optional<Oid> publication;  // nothing: there is no such publication
  bool exists = false;             // the table
  std::vector<std::string> memberships;
  bool has_row_filter = false;
  std::map<std::int16_t, std::string> columns;  // names by attribute number
  HeapState heap;
};

// One statement that waits for no lock of a table.
TableLook look_at_table(Connection& connection, const std::string& publication, Oid table,
                        std::uint32_t xid);

}  // namespace tailrace::replication
