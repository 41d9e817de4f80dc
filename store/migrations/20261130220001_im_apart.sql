-- +goose Up

-- Who does not want to be linked with a messaging app: the matching of people leaves them out until they change their mind.
CREATE TABLE im_apart (
    app    text        NOT NULL,
    person text        NOT NULL,
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (app, person)
);
