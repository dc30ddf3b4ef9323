// The families of builtin relations: each a file of declarations beside this one.
#pragma once

#include <vector>

#include "catalog/builtin/relation.hpp"

namespace tailrace::catalog {

std::vector<BuiltinTable>
object_tables();  // objects.cpp: databases, schemas, tables, views, columns, ...
std::vector<BuiltinTable> source_tables();      // sources.cpp
std::vector<BuiltinTable> connection_tables();  // connections.cpp
std::vector<BuiltinTable> cluster_tables();     // clusters.cpp
std::vector<BuiltinTable> role_tables();        // roles.cpp
std::vector<BuiltinTable> type_tables();        // types.cpp
std::vector<BuiltinTable> runtime_tables();     // runtime.cpp: statuses, statistics, frontiers

std::vector<BuiltinView> object_views();
std::vector<BuiltinView> source_views();
std::vector<BuiltinView> show_views();  // show.cpp: what SHOW reads

}  // namespace tailrace::catalog
