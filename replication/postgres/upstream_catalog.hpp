// What upstream's catalog says about the tables of a publication.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replication/postgres/config.hpp"
#include "replication/postgres/connection.hpp"
#include "replication/postgres/membership.hpp"

namespace tailrace::replication {

struct PublishedTable {
  UpstreamTable table;  // columns: those that the publication lists
  char kind = 'r';      // pg_class.relkind
  bool has_row_filter = false;
  bool may_use_schema = false;  // privileges of the connected role
  bool may_select = false;
  bool policies_apply = false;          // row-level security hides rows from the connected role
  std::vector<std::string> type_names;  // for each column, as upstream writes it
  // Attribute numbers of the columns by which upstream names the row that an UPDATE or DELETE is
  // about: of the index of REPLICA IDENTITY DEFAULT or USING INDEX. Empty: there is none.
  std::vector<std::int16_t> identity;
  HeapState heap;
  std::shared_ptr<const std::map<Oid, EnumLabels>>
      labels;  // by type, of all tables read; null: none
};

// Nothing: there is no such publication.
std::optional<Oid> publication_oid(Connection& connection, const std::string& publication);

// Everything in the publication, by schema and name. A publication that does not exist is an empty
// one.
std::vector<PublishedTable> read_publication(Connection& connection,
                                             const std::string& publication);

// Actions that the publication leaves out ("insert", "update", "delete", "truncate").
std::vector<std::string> unpublished_actions(Connection& connection,
                                             const std::string& publication);

// "schema.table", quoted where needed.
std::string qualified_name(const UpstreamTable& table);
// Always quoted, for SQL.
std::string quoted_name(const UpstreamTable& table);

}  // namespace tailrace::replication
