"""What is said: values, tables, responses and the freshness rule, one package for all."""
