// VALUES lists, and the rows of INSERT.
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

bound::RelationPtr rows_relation(const std::vector<Expressions>& rows,
                                 const std::vector<Type>& types) {
  std::vector<std::vector<Value>> constants;
  std::vector<bound::RelationPtr> parts;
  for (const Expressions& row : rows) {
    bool literals = true;
    for (const ExpressionPtr& cell : row) literals = literals && bound::is_literal(cell);
    if (literals) {
      constants.emplace_back();
      for (const ExpressionPtr& cell : row)
        constants.back().push_back(std::get<bound::Literal>(cell->node).value);
      continue;
    }
    Expressions inside;
    for (const ExpressionPtr& cell : row) inside.push_back(bound::shift_levels(cell, 1));
    parts.push_back(bound::map(bound::unit(), std::move(inside)));
  }
  if (!constants.empty() || parts.empty()) {
    parts.insert(parts.begin(), bound::constant(std::move(constants), types));
  }
  return bound::union_all(std::move(parts));
}

BoundQueryTree bind_values(Binding& binding, const ast::Values& values, const Scope* outer) {
  static const Scope nothing;
  const Outputs outputs = std::exchange(binding.outputs, {});
  const Place place{.clause = Clause::values, .scope = outer != nullptr ? outer : &nothing};
  std::vector<Expressions> rows;
  for (const auto& row : values.rows) {
    rows.push_back(bind_list(binding, row, place));
    if (rows.back().size() != rows.front().size()) {
      throw SqlError(sqlstate::syntax_error, "VALUES expression has varying number of columns: " +
                                                 std::to_string(rows.front().size()) + " vs " +
                                                 std::to_string(rows.back().size()))
          .position(row.empty() ? 0 : row.front().position);
    }
  }
  BoundQueryTree tree;
  std::vector<Type> types;
  const std::size_t width = rows.empty() ? 0 : rows.front().size();
  for (std::size_t column = 0; column < width; ++column) {
    tree.names.push_back("column" + std::to_string(column + 1));
    tree.visible.push_back(static_cast<int>(column));
    Expressions cells;
    bool unknown = true;
    for (const Expressions& row : rows) {
      cells.push_back(row[column]);
      unknown = unknown && bound::is_unknown(row[column]);
    }
    if (unknown && outputs.wanted != nullptr && column < outputs.wanted->size() &&
        (*outputs.wanted)[column].id() != TypeId::unknown) {
      for (ExpressionPtr& cell : cells) {
        cell = coerce(binding, cell, (*outputs.wanted)[column], CastContext::assignment, "VALUES");
      }
      types.push_back((*outputs.wanted)[column]);
    } else if (unknown && outputs.keep_unknown) {
      types.emplace_back();
    } else {
      types.push_back(unify(binding, cells, "VALUES", cells.front()->position));
    }
    for (std::size_t row = 0; row < rows.size(); ++row) rows[row][column] = cells[row];
  }
  tree.relation = rows_relation(rows, types);
  return tree;
}

}  // namespace tailrace::engine
