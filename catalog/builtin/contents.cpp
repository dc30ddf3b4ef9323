#include "catalog/builtin/contents.hpp"

#include "repr/order.hpp"

namespace tailrace::catalog {

namespace {

// Calls `leave(old)` and `enter(now)` for every object that came, went or changed.
template <class Map, class Leave, class Enter>
void compare(const Map& before, const Map& after, const Leave& leave, const Enter& enter) {
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && old->first < now->first)) {
      leave(*old->second);
      ++old;
    } else if (old == before.end() || now->first < old->first) {
      enter(*now->second);
      ++now;
    } else {
      if (old->second != now->second) {
        leave(*old->second);
        enter(*now->second);
      }
      ++old;
      ++now;
    }
  }
}

template <class Map, class Function>
void add_changes(const Catalog& before, const Catalog& after, const Map& old_objects,
                 const Map& new_objects, Function function, BuiltinRows& rows) {
  if (function == nullptr) return;
  compare(
      old_objects, new_objects,
      [&](const auto& object) {
        rows.set_sign(-1);
        function(before, object, rows);
      },
      [&](const auto& object) {
        rows.set_sign(1);
        function(after, object, rows);
      });
}

}  // namespace

std::vector<storage::CollectionDelta> builtin_changes(const Catalog& before, const Catalog& after) {
  std::vector<storage::CollectionDelta> changes;
  for (const BuiltinTable& table : builtin_tables()) {
    if (table.feed != BuiltinFeed::catalog) continue;
    BuiltinRows rows(table.columns);
    add_changes(before, after, before.items(), after.items(), table.of_item, rows);
    add_changes(before, after, before.databases(), after.databases(), table.of_database, rows);
    add_changes(before, after, before.schemas(), after.schemas(), table.of_schema, rows);
    add_changes(before, after, before.roles(), after.roles(), table.of_role, rows);
    add_changes(before, after, before.clusters(), after.clusters(), table.of_cluster, rows);
    if (table.of_catalog != nullptr) {
      rows.set_sign(-1);
      table.of_catalog(before, rows);
      rows.set_sign(1);
      table.of_catalog(after, rows);
    }
    if (rows.empty()) continue;
    Batch changed = consolidate(rows.finish());
    if (changed.empty()) continue;
    storage::CollectionDelta delta;
    delta.collection = collection_of(table);
    delta.delta.rows.push_back(std::make_shared<const Batch>(std::move(changed)));
    changes.push_back(std::move(delta));
  }
  return changes;
}

Batch builtin_contents(const BuiltinTable& table, const Catalog& catalog) {
  BuiltinRows rows(table.columns);
  if (table.of_item) {
    for (const auto& [id, item] : catalog.items()) table.of_item(catalog, *item, rows);
  }
  if (table.of_database) {
    for (const auto& [id, database] : catalog.databases())
      table.of_database(catalog, *database, rows);
  }
  if (table.of_schema) {
    for (const auto& [id, schema] : catalog.schemas()) table.of_schema(catalog, *schema, rows);
  }
  if (table.of_role) {
    for (const auto& [id, role] : catalog.roles()) table.of_role(catalog, *role, rows);
  }
  if (table.of_cluster) {
    for (const auto& [id, cluster] : catalog.clusters()) table.of_cluster(catalog, *cluster, rows);
  }
  if (table.of_catalog) table.of_catalog(catalog, rows);
  return rows.finish();
}

}  // namespace tailrace::catalog
