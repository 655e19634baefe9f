it("removes entries that have expired", () => expect(sweep(entries, later).size).toBe(0));
