#include "repr/data_error.hpp"

namespace tailrace {

DataError DataError::from(const SqlError& error) {
  return {error.state(), error.message(), error.detail(), error.hint()};
}

SqlError DataError::to_sql_error() const {
  return SqlError(state, message).detail(detail).hint(hint);
}

const Schema& error_schema() {
  static const Schema schema{{{"state", TypeId::text, false},
                              {"message", TypeId::text, false},
                              {"detail", TypeId::text, false},
                              {"hint", TypeId::text, false}}};
  return schema;
}

void append_error(BatchBuilder& errors, const DataError& error, Timestamp time, Diff diff) {
  errors.column(0).append_bytes(error.state.view());
  errors.column(1).append_bytes(error.message);
  errors.column(2).append_bytes(error.detail);
  errors.column(3).append_bytes(error.hint);
  errors.end_row(time, diff);
}

DataError error_at(const Batch& errors, std::size_t row) {
  return {SqlState::from_text(errors.columns[0]->bytes(row)),
          std::string(errors.columns[1]->bytes(row)), std::string(errors.columns[2]->bytes(row)),
          std::string(errors.columns[3]->bytes(row))};
}

}  // namespace tailrace
