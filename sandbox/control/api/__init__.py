"""What /_sandbox answers: the table of routes, the functions that answer, the shapes of answers, and the OpenAPI document made of them."""
