"""What people ask of the tables, and nothing that changes them: find, count, follow, listen.

Commands, pages and reports all ask here, so that they answer alike; the views of schema/ answer the same in SQL.
"""
