// Builtin relations are declared as data: one entry each, with columns, types and comments.
//
//   BuiltinTable   rows made by code: from catalog objects (changed in the very commit that changes
//   them), appended by
//                  the runtime (status history: durable), or published by it (statistics: volatile)
//   BuiltinView    SQL over those
//
// Adding one is adding an entry to the table of its family (objects.cpp, clusters.cpp, ...). Ids
// and oids are for ever: an id is the collection's name on disk.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "repr/batch.hpp"

namespace tailrace::catalog {

struct BuiltinColumn {
  std::string_view name;
  Type type;
  bool nullable = false;
  std::string_view comment;
};

// Collects the rows of one builtin table, filled by column name; a column that is not named is
// NULL.
class BuiltinRows {
 public:
  explicit BuiltinRows(std::span<const BuiltinColumn> columns);
  void add(std::initializer_list<std::pair<std::string_view, Value>> fields, Diff diff = 1);
  bool empty() const { return batch_.size() == 0; }
  Batch finish() { return batch_.finish(); }
  // Rows added from now on count with this sign.
  void set_sign(Diff sign) { sign_ = sign; }

 private:
  std::span<const BuiltinColumn> columns_;
  BatchBuilder batch_;
  Diff sign_ = 1;
};

enum class BuiltinFeed : std::uint8_t {
  catalog,   // the functions below
  durable,   // appended by the runtime with commits
  volatile_  // published by the runtime, gone at a restart
};

struct BuiltinTable {
  std::uint64_t id = 0;  // s<id>
  Oid oid = 0;
  std::string_view schema;
  std::string_view name;
  std::string_view comment;
  std::vector<BuiltinColumn> columns;
  BuiltinFeed feed = BuiltinFeed::catalog;
  // Rows for one object; may look at others only for what cannot change without this object
  // changing too.
  void (*of_item)(const Catalog&, const Item&, BuiltinRows&) = nullptr;
  void (*of_database)(const Catalog&, const Database&, BuiltinRows&) = nullptr;
  void (*of_schema)(const Catalog&, const Schema&, BuiltinRows&) = nullptr;
  void (*of_role)(const Catalog&, const Role&, BuiltinRows&) = nullptr;
  void (*of_cluster)(const Catalog&, const Cluster&, BuiltinRows&) = nullptr;
  // Everything at once, for small tables that no single object makes; compared as a whole at every
  // change.
  void (*of_catalog)(const Catalog&, BuiltinRows&) = nullptr;
  // Shown as type `source` in mz_objects, as the reference has it.
  bool is_source = false;
};

struct BuiltinView {
  std::uint64_t id = 0;
  Oid oid = 0;
  std::string_view schema;
  std::string_view name;
  std::string_view comment;
  std::vector<BuiltinColumn> columns;
  std::string_view sql;  // a query; names qualified
};

// All of them, in id order. Built once, at first use.
const std::vector<BuiltinTable>& builtin_tables();
const std::vector<BuiltinView>& builtin_views();

// The collection of a builtin table; aborts if there is none of that name.
const BuiltinTable& builtin_table(std::string_view schema, std::string_view name);
inline storage::CollectionId collection_of(const BuiltinTable& table) {
  return collection_of(ItemId::system(table.id));
}

// Values for rows.
inline Value text(std::string_view value) {
  return Value(std::string(value));
}
inline Value oid(Oid value) {
  return Value(std::uint32_t{value});
}
template <class Tag>
Value id_text(ObjectId<Tag> id) {
  return id ? Value(id.to_string()) : Value(Null{});
}
Value acl_array(const Acl& acl);  // mz_aclitem[]

}  // namespace tailrace::catalog
