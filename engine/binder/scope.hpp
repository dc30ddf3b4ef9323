// What names mean at one place of a query: the columns of FROM, then those of the queries around
// it.
//
// One Scope per level (see bound.hpp): column `index` of scope n levels out is bound::Column{n,
// index}.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/binder/bound.hpp"
#include "grammar/ast/expression.hpp"

namespace tailrace::engine {

struct ScopeTable {
  std::string name;    // the alias, or the relation's own name; empty: a subquery without alias
  std::string schema;  // set if there is no alias
  std::string database;
  bool is_value = false;  // a function with one column: the table's name alone means that column
};

struct ScopeColumn {
  std::string name;
  int table = -1;  // in Scope::tables; -1: none (a column that USING merged)
  int index = 0;   // in the relation
  Type type;
  bool nullable = true;
  bool only_qualified = false;  // merged away by USING: `t.c` finds it, `c` and `*` do not
};

struct Scope {
  std::vector<ScopeTable> tables;
  std::vector<ScopeColumn> columns;  // in the order of `*`
  const Scope* outer = nullptr;
  bool visible = true;  // false: counts as a level, but its names are not seen (FROM items that are
                        // not LATERAL)

  int depth() const {  // levels from the outermost
    int depth = 0;
    for (const Scope* scope = outer; scope != nullptr; scope = scope->outer) ++depth;
    return depth;
  }
};

// The scope of a relation with one table.
Scope scope_of(ScopeTable table, const std::vector<std::string>& names,
               const bound::Relation& relation);
// Columns side by side: the right one's indices follow `left_width`.
Scope side_by_side(const Scope& left, const Scope& right, int left_width);
// Throws `table name "x" specified more than once`.
void check_no_duplicate_tables(const Scope& scope, std::uint32_t position);

bound::ExpressionPtr reference(const ScopeColumn& column, int level, std::uint32_t position);
// `a`, `t.a`, `s.t.a`, `d.s.t.a`, or a table's name (the row as a record). Throws the dialect's
// errors.
bound::ExpressionPtr resolve_column(const Scope& scope, const std::vector<ast::Ident>& parts,
                                    std::uint32_t position);
// A bare column of level 0, if there is exactly one. Throws if it is ambiguous.
const ScopeColumn* find_column(const Scope& scope, const ast::Ident& name);
// The columns that `t.*` stands for (level 0 first, then outwards), with the level where they were
// found.
struct StarColumns {
  std::vector<ScopeColumn> columns;
  int level = 0;
};
StarColumns resolve_star(const Scope& scope, const std::vector<ast::Ident>& qualifier,
                         std::uint32_t position);
// The whole row of columns as a record with their names.
bound::ExpressionPtr row_of(const std::vector<ScopeColumn>& columns, int level,
                            std::uint32_t position);

// "The similarly named column "x" does exist." or nothing.
std::string similar_names_hint(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace tailrace::engine
