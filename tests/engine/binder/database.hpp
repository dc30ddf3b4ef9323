// A catalog and tables in memory, and SQL over them: what the tests of binder and optimizer share.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/binder/binder.hpp"
#include "engine/operators/run_once.hpp"

namespace tailrace::engine::testing {

class Database {
 public:
  // CREATE TABLE materialize.public.<name>; rows as text, "NULL" for NULL.
  void table(const std::string& name, std::vector<ColumnSchema> columns,
             const std::vector<std::vector<std::string>>& rows = {});
  void view(const std::string& name, const std::string& sql);

  const catalog::Catalog& catalog() const { return *catalog_; }
  BindContext context(Purpose purpose = Purpose::select) const;

  BoundQuery bind(const std::string& sql) const;
  // The rows as "1|a" lines, optimized and not; a test fails if the two differ. Sorted unless the query has ORDER BY.
  // An error is one line "ERROR: message".
  std::vector<std::string> run(const std::string& sql) const;
  // The optimized (or bound) plan as text.
  std::string plan(const std::string& sql, bool optimized = true) const;
  // "message | hint | @position", of the error that binding raises.
  std::string error(const std::string& sql) const;
  // "a integer, b text?".
  std::string columns(const std::string& sql) const;

  std::vector<std::string> run(const BoundQuery& query) const;

 private:
  catalog::CatalogPtr catalog_ = nullptr;
  std::map<std::uint64_t, Batch> rows_;
};

// shop: item(id, cat, price), cat(id, label), hot(id, score) with NULLs and duplicates.
const Database& shop();

}  // namespace tailrace::engine::testing
