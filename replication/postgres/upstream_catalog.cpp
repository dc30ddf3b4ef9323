#include "replication/postgres/upstream_catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "replication/postgres/membership.hpp"

namespace tailrace::replication {
namespace {

// "1 3 4" and "{1,3,4}" alike.
std::vector<std::int16_t> read_numbers(std::string_view text) {
  std::vector<std::int16_t> numbers;
  int number = -1;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      number = (number < 0 ? 0 : number * 10) + (c - '0');
    } else if (number >= 0) {
      numbers.push_back(static_cast<std::int16_t>(number));
      number = -1;
    }
  }
  if (number >= 0) numbers.push_back(static_cast<std::int16_t>(number));
  return numbers;
}

// The policies that count are those for reading and for this role.
std::string tables_query(std::uint32_t version) {
  const bool has_lists = version >= version_with_lists;
  return fmt::format(
      R"(SELECT c.oid, n.nspname, c.relname, c.relkind, c.relreplident, pub.oid, {}, {}, {},
  pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
  pg_catalog.has_table_privilege(c.oid, 'SELECT'),
  c.relrowsecurity
    AND NOT (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
    AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE'))
    AND EXISTS (SELECT FROM pg_catalog.pg_policy y WHERE y.polrelid = c.oid AND y.polcmd IN ('r', '*')
                AND EXISTS (SELECT FROM pg_catalog.unnest(y.polroles) AS role(oid)
                            WHERE role.oid = 0 OR pg_catalog.pg_has_role(role.oid, 'MEMBER'))),
  c.relfilenode, c.xmin::text
FROM pg_catalog.pg_publication_tables p
JOIN pg_catalog.pg_publication pub ON pub.pubname = p.pubname
JOIN pg_catalog.pg_namespace n ON n.nspname = p.schemaname
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
WHERE p.pubname = $1
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")",
      memberships_expression(version), has_lists ? "p.rowfilter IS NOT NULL" : "false",
      has_lists
          ? "(SELECT pg_catalog.string_agg(a.attnum::text, ' ') FROM pg_catalog.pg_attribute a "
            "WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attname = ANY (p.attnames))"
          : "NULL");
}

std::string columns_query(std::uint32_t version, const std::string& oids) {
  return fmt::format(
      R"(SELECT a.attrelid, a.attname, a.attnum, a.atttypid, a.atttypmod, a.attnotnull, {},
  pg_catalog.format_type(a.atttypid, a.atttypmod), a.xmin::text
FROM pg_catalog.pg_attribute a
WHERE a.attrelid IN ({}) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum)",
      version >= 120000 ? "a.attgenerated <> ''" : "false", oids);
}

std::string keys_query(const std::string& oids) {
  return fmt::format(
      R"(SELECT k.conrelid, k.oid, k.conname, k.conkey, k.contype = 'p'
FROM pg_catalog.pg_constraint k
WHERE k.conrelid IN ({}) AND k.contype IN ('p', 'u')
ORDER BY k.conrelid, k.contype, k.conname COLLATE "C")",
      oids);
}

// The index of the replica identity, as the walsender picks it.
std::string identity_query(const std::string& oids) {
  return fmt::format(
      R"(SELECT i.indrelid, i.indkey
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
WHERE i.indrelid IN ({}) AND i.indisvalid AND i.indimmediate AND i.indisunique
  AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)",
      oids);
}

// The enum labels that values of these types are made of, whether as domains, elements or fields.
std::string labels_query(const std::string& types) {
  return fmt::format(
      R"(WITH RECURSIVE used(root, oid) AS (
  SELECT t.oid, t.oid FROM pg_catalog.pg_type t WHERE t.oid IN ({})
  UNION
  SELECT used.root, next.oid
  FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid,
  LATERAL (SELECT t.typelem UNION ALL SELECT t.typbasetype
           UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
           UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) AS next(oid)
  WHERE next.oid <> 0)
SELECT used.root, e.oid, e.enumlabel FROM used JOIN pg_catalog.pg_enum e ON e.enumtypid = used.oid)",
      types);
}

constexpr Oid first_user_oid = 16384;

PublishedTable read_row(const QueryResult& found, std::size_t row) {
  const auto one = [&](int column) {
    return found.text(row, column).empty() ? ' ' : found.text(row, column)[0];
  };
  PublishedTable published;
  published.table.oid = static_cast<Oid>(found.integer(row, 0));
  published.table.schema = found.string(row, 1);
  published.table.name = found.string(row, 2);
  published.kind = one(3);
  published.table.replica_identity = one(4);
  published.table.publication = static_cast<Oid>(found.integer(row, 5));
  published.table.memberships = split_memberships(found.text(row, 6));
  published.has_row_filter = found.boolean(row, 7);
  return published;
}

// Columns, keys and all else that hangs on the tables. `listed`: for each the numbers of the columns that the
// publication lists, if it does.
void read_details(Connection& connection, std::vector<PublishedTable>& tables,
                  const std::vector<std::optional<std::set<std::int16_t>>>& listed) {
  std::map<std::int64_t, std::size_t> by_oid;
  std::string oids;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    by_oid[tables[i].table.oid] = i;
    oids += (oids.empty() ? "" : ",") + std::to_string(tables[i].table.oid);
  }
  std::set<Oid> types;
  const QueryResult columns = connection.query(columns_query(connection.server_version(), oids));
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    const std::size_t index = by_oid.at(columns.integer(row, 0));
    UpstreamColumn column;
    column.name = columns.string(row, 1);
    column.attribute_number = static_cast<std::int16_t>(columns.integer(row, 2));
    column.type_oid = static_cast<Oid>(columns.integer(row, 3));
    column.type_modifier = static_cast<std::int32_t>(columns.integer(row, 4));
    column.not_null = columns.boolean(row, 5);
    column.generated = columns.boolean(row, 6);
    // pg_publication_tables leaves generated columns out of its list, like pgoutput.
    if (listed[index] && !column.generated && !listed[index]->contains(column.attribute_number))
      continue;
    tables[index].heap.columns_changed_by[column.attribute_number] = columns.string(row, 8);
    if (column.type_oid >= first_user_oid) types.insert(column.type_oid);
    tables[index].table.columns.push_back(std::move(column));
    tables[index].type_names.push_back(columns.string(row, 7));
  }
  const QueryResult identities = connection.query(identity_query(oids));
  for (std::size_t row = 0; row < identities.rows(); ++row) {
    tables[by_oid.at(identities.integer(row, 0))].identity = read_numbers(identities.text(row, 1));
  }
  const QueryResult keys = connection.query(keys_query(oids));
  for (std::size_t row = 0; row < keys.rows(); ++row) {
    UpstreamKey key;
    key.oid = static_cast<Oid>(keys.integer(row, 1));
    key.name = keys.string(row, 2);
    key.attribute_numbers = read_numbers(keys.text(row, 3));
    key.primary = keys.boolean(row, 4);
    tables[by_oid.at(keys.integer(row, 0))].table.keys.push_back(std::move(key));
  }
  if (types.empty()) return;
  auto labels = std::make_shared<std::map<Oid, EnumLabels>>();
  const QueryResult found =
      connection.query(labels_query(fmt::format("{}", fmt::join(types, ","))));
  for (std::size_t row = 0; row < found.rows(); ++row) {
    (*labels)[static_cast<Oid>(found.integer(row, 0))][static_cast<Oid>(found.integer(row, 1))] =
        found.string(row, 2);
  }
  for (PublishedTable& table : tables) table.labels = labels;
}

}  // namespace

std::optional<Oid> publication_oid(Connection& connection, const std::string& publication) {
  const QueryResult found = connection.query(
      "SELECT oid FROM pg_catalog.pg_publication WHERE pubname = $1", std::vector{publication});
  if (found.rows() == 0) return std::nullopt;
  return static_cast<Oid>(found.integer(0, 0));
}

std::vector<PublishedTable> read_publication(Connection& connection,
                                             const std::string& publication) {
  const QueryResult found =
      connection.query(tables_query(connection.server_version()), std::vector{publication});
  std::vector<PublishedTable> tables;
  std::vector<std::optional<std::set<std::int16_t>>> listed;
  for (std::size_t row = 0; row < found.rows(); ++row) {
    PublishedTable published = read_row(found, row);
    listed.emplace_back();
    if (!found.is_null(row, 8)) {
      const auto numbers = read_numbers(found.text(row, 8));
      listed.back().emplace(numbers.begin(), numbers.end());
    }
    published.may_use_schema = found.boolean(row, 9);
    published.may_select = found.boolean(row, 10);
    published.policies_apply = found.boolean(row, 11);
    published.heap.file = static_cast<Oid>(found.integer(row, 12));
    published.heap.changed_by = found.string(row, 13);
    tables.push_back(std::move(published));
  }
  if (!tables.empty()) read_details(connection, tables, listed);
  return tables;
}

std::vector<std::string> unpublished_actions(Connection& connection,
                                             const std::string& publication) {
  const QueryResult found = connection.query(
      "SELECT pubinsert, pubupdate, pubdelete, pubtruncate FROM pg_catalog.pg_publication WHERE "
      "pubname = $1",
      std::vector{publication});
  std::vector<std::string> missing;
  if (found.rows() == 0) return missing;
  constexpr const char* actions[] = {"insert", "update", "delete", "truncate"};
  for (int i = 0; i < 4; ++i) {
    if (!found.boolean(0, i)) missing.emplace_back(actions[i]);
  }
  return missing;
}

std::string qualified_name(const UpstreamTable& table) {
  return quote_identifier_if_needed(table.schema) + "." + quote_identifier_if_needed(table.name);
}

std::string quoted_name(const UpstreamTable& table) {
  return quote_identifier(table.schema) + "." + quote_identifier(table.name);
}

}  // namespace tailrace::replication
