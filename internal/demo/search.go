package demo

import (
	"context"
	"fmt"
	"strconv"

	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

func search(ctx context.Context, s *stage) (string, error) {
	fantasy, inStock, fragment := queries.BookCategoryFantasy, true, "the"
	low, high := int64(1000), int64(2500)
	filters := []struct {
		words  string
		filter repo.ProductFilter
	}{
		{"no filter, newest first", repo.ProductFilter{Sort: repo.SortNewest, Limit: 3}},
		{"fantasy in stock, cheapest first", repo.ProductFilter{Category: &fantasy, InStock: &inStock, Sort: repo.SortPriceUp, Limit: 3}},
		{`10.00 to 25.00, "the" in the title, dearest first`, repo.ProductFilter{
			MinPrice: &low, MaxPrice: &high, Name: &fragment, Sort: repo.SortPriceDown, Limit: 3}},
	}
	rows := [][]string{{"FILTER", "TITLE", "AUTHOR", "PRICE", "STOCK"}}
	found := 0
	for _, f := range filters {
		products, err := s.repo.FindProducts(ctx, f.filter)
		if err != nil {
			return "", err
		}
		words := f.words
		for _, p := range products {
			rows = append(rows, []string{words, p.Title, p.AuthorName, cents(p.PriceCents), strconv.Itoa(int(p.Stock))})
			words = ""
		}
		if len(products) == 0 {
			return "", fmt.Errorf("%s: found nothing", f.words)
		}
		found += len(products)
	}
	s.table(rows)
	return fmt.Sprintf("%d filters by one prepared statement, %d rows", len(filters), found), nil
}

func reports(ctx context.Context, s *stage) (string, error) {
	days, err := s.repo.DailySales(ctx, seed.LastDay, 7)
	if err != nil {
		return "", err
	}
	rows := [][]string{{"DAY", "SALES", "COPIES", "REVENUE"}}
	for _, d := range days {
		rows = append(rows, []string{d.Day.Format("2006-01-02"), strconv.FormatInt(d.Sales, 10), strconv.FormatInt(d.Copies, 10), cents(d.RevenueCents)})
	}
	s.table(rows)
	top, err := s.repo.TopProducts(ctx, seed.LastDay.AddDate(0, 0, -seed.Days), seed.LastDay.AddDate(0, 0, 1), 5)
	if err != nil {
		return "", err
	}
	rows = [][]string{{"BEST SELLER", "COPIES", "REVENUE"}}
	for _, p := range top {
		rows = append(rows, []string{p.Title, strconv.FormatInt(p.Copies, 10), cents(p.RevenueCents)})
	}
	s.table(rows)
	if len(days) != 7 || len(top) != 5 {
		return "", fmt.Errorf("%d days and %d products, want 7 and 5", len(days), len(top))
	}
	return fmt.Sprintf("last %d days and the %d best of a year, a round trip each", len(days), len(top)), nil
}
