// The tables of builtins, a family a file. The registry asks each once.
#pragma once

#include <vector>

#include "engine/functions/aggregate.hpp"
#include "engine/functions/function.hpp"
#include "engine/functions/table_function.hpp"

namespace tailrace::engine {

std::vector<Function> comparison_functions();
std::vector<Function> boolean_functions();
std::vector<Function> integer_functions();
std::vector<Function> float_functions();
std::vector<Function> numeric_functions();
std::vector<Function> text_functions();
std::vector<Function> text_joining_functions();
std::vector<Function> pattern_functions();
std::vector<Function> bytea_functions();
std::vector<Function> date_functions();
std::vector<Function> date_field_functions();
std::vector<Function> date_format_functions();
std::vector<Function> jsonb_functions();
std::vector<Function> array_functions();
std::vector<Function> list_functions();
std::vector<Function> map_functions();
std::vector<Function> record_functions();
std::vector<Function> range_functions();
std::vector<Function> system_functions();
std::vector<Function> virtual_time_functions();
std::vector<Function> catalog_functions();
std::vector<Function> privilege_functions();

// How the values of one type become those of another.
struct Cast {
  TypeId from;
  TypeId to;
  CastContext context;  // the weakest in which it is tried
  Function function;
};
std::vector<Cast> number_casts();
std::vector<Cast> text_casts();
std::vector<Cast> date_casts();
std::vector<Cast> catalog_casts();
std::vector<Cast> jsonb_casts();
std::vector<Cast> nested_casts();
std::vector<Cast> oid_casts();

std::vector<AggregateFunction> count_aggregates();
std::vector<AggregateFunction> sum_aggregates();
std::vector<AggregateFunction> extreme_aggregates();
std::vector<AggregateFunction> variance_aggregates();
std::vector<AggregateFunction> collecting_aggregates();

std::vector<TableFunction> series_functions();
std::vector<TableFunction> unnesting_functions();
std::vector<TableFunction> splitting_functions();

}  // namespace tailrace::engine
