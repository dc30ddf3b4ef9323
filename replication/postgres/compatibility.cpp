#include "replication/postgres/compatibility.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {

std::string altered_text(const UpstreamTable& table, std::string_view what) {
  return fmt::format("source table {} with oid {} has been altered: incompatible schema change: {}",
                     qualified_name(table), table.oid, what);
}

std::optional<std::string> incompatibility(const TableExport& stored, const UpstreamTable& now) {
  const UpstreamTable& then = stored.upstream;
  const auto altered = [&](std::string_view what) { return altered_text(then, what); };
  if (now.schema != then.schema || now.name != then.name) {
    return altered(fmt::format("it is now {}", qualified_name(now)));
  }
  if (now.replica_identity != 'f') return altered("its replica identity is not FULL any more");
  for (std::size_t i = 0; i < stored.column_map.size(); ++i) {
    const UpstreamColumn& was = then.columns[static_cast<std::size_t>(stored.column_map[i])];
    const auto is =
        std::find_if(now.columns.begin(), now.columns.end(), [&](const UpstreamColumn& column) {
          return column.attribute_number == was.attribute_number;
        });
    if (is == now.columns.end()) return altered(fmt::format("column \"{}\" was dropped", was.name));
    if (is->name != was.name) {
      return altered(fmt::format("column \"{}\" was renamed to \"{}\"", was.name, is->name));
    }
    if (stored.as_text[i]) continue;
    if (is->type_oid != was.type_oid || is->type_modifier != was.type_modifier) {
      return altered(fmt::format("the type of column \"{}\" was changed", was.name));
    }
    if (was.not_null && !is->not_null) {
      return altered(fmt::format("column \"{}\" is not NOT NULL any more", was.name));
    }
  }
  for (const UpstreamKey& key : then.keys) {
    const bool kept =
        std::any_of(now.keys.begin(), now.keys.end(), [&](const UpstreamKey& candidate) {
          return candidate.oid == key.oid && candidate.attribute_numbers == key.attribute_numbers;
        });
    if (!kept) {
      return altered(fmt::format("{} constraint \"{}\" was dropped upstream",
                                 key.primary ? "PRIMARY KEY" : "UNIQUE", key.name));
    }
  }
  return std::nullopt;
}

std::optional<std::string> incompatibility(const TableExport& stored, const pgoutput::Relation& now,
                                           std::vector<int>& column_of) {
  const UpstreamTable& then = stored.upstream;
  const auto altered = [&](std::string_view what) { return altered_text(then, what); };
  if (now.schema != then.schema || now.name != then.name) {
    return altered(fmt::format("it is now {}.{}", now.schema, now.name));
  }
  if (now.identity != 'f') return altered("its replica identity is not FULL any more");
  column_of.assign(now.columns.size(), -1);
  std::size_t last = 0;
  bool in_order = true;
  for (std::size_t i = 0; i < stored.column_map.size(); ++i) {
    const UpstreamColumn& was = then.columns[static_cast<std::size_t>(stored.column_map[i])];
    const auto is = std::find_if(
        now.columns.begin(), now.columns.end(),
        [&](const pgoutput::RelationColumn& column) { return column.name == was.name; });
    if (is == now.columns.end()) {
      return altered(fmt::format("column \"{}\" was dropped or renamed", was.name));
    }
    if (!stored.as_text[i] &&
        (is->type_oid != was.type_oid || is->type_modifier != was.type_modifier)) {
      return altered(fmt::format("the type of column \"{}\" was changed", was.name));
    }
    const auto index = static_cast<std::size_t>(is - now.columns.begin());
    // Attribute numbers never change, so neither does the order: where it does, columns were
    // dropped and added again, or have swapped names.
    in_order = in_order && (i == 0 || index > last);
    last = index;
    column_of[index] = static_cast<int>(i);
  }
  if (!in_order) return altered("its columns are other ones of the same names");
  return std::nullopt;
}

}  // namespace tailrace::replication
